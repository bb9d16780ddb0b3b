// Reports what the student sets and shows what Python draws.  Nothing is computed here.
// Messages: widgets/base/messages.py (ExplorerMessage; ControlShown, ExplorerShown).

const PATIENCE = 200;  // ms after which it says that it is working
const TYPING = 150;  // ms of rest before what was typed is drawn

const labelled = (control, input, ...more) =>
  make("label", {}, make("span", { className: "name" }, ...rich(control.label)), input, ...more);

// Typed text counts once its input method has finished, at rest or with Enter.
const typed = (control, changed) => {
  const input = keepKeys(make("input", { type: "text", autocomplete: "off", spellcheck: false }));
  if (control.kind === "number") input.inputMode = "decimal";
  let resting, composing = false;
  const later = () => {
    clearTimeout(resting);
    if (!composing) resting = setTimeout(changed, TYPING);
  };
  input.addEventListener("compositionstart", () => { composing = true; clearTimeout(resting); });
  input.addEventListener("compositionend", () => { composing = false; later(); });
  input.addEventListener("input", later);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    clearTimeout(resting);
    changed();
  });
  return { input, read: () => input.value, write: (raw) => { if (!composing) input.value = raw; } };
};

const slider = (control, changed) => {
  const last = control.texts.length - 1;
  const input = keepKeys(make("input", { type: "range", min: 0, max: last, step: 1 }));
  const shown = make("span", { className: "value" });
  shown.setAttribute("aria-hidden", "true");  // aria-valuetext says it
  shown.style.minWidth = `${Math.max(...control.texts.map((text) => text.length)) + 1}ch`;
  const show = () => {
    shown.textContent = control.texts[input.value];
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  input.addEventListener("input", () => { show(); changed(); });
  return { input, after: [shown], read: () => Number(input.value), write: (raw) => { input.value = raw; show(); } };
};

const list = (control, changed) => {
  const input = keepKeys(make("select", {}, ...control.texts.map((text) => make("option", { textContent: text }))));
  input.addEventListener("change", changed);
  return { input, read: () => input.selectedIndex, write: (raw) => { input.selectedIndex = raw; } };
};

const box = (control, changed) => {
  const input = keepKeys(make("input", { type: "checkbox" }));
  input.addEventListener("change", changed);
  return { input, read: () => input.checked, write: (raw) => { input.checked = raw; } };
};

const KINDS = { range: slider, select: list, check: box, number: typed, text: typed };

const knownWords = (control, words) => {
  if (!control.known?.length) return [];
  const summary = keepKeys(make("summary", { textContent: words.known }));
  return [make("details", {}, summary, make("p", { textContent: control.known.join(" ") }))];
};

// One control: its field, and the place that says what is wrong with its value.
const controlView = (control, words, changed) => {
  const { input, after = [], read, write } = KINDS[control.kind](control, changed);
  const note = status("refused");
  note.id = `triad-${Math.random().toString(36).slice(2)}`;
  const unit = control.unit ? [make("span", { textContent: control.unit })] : [];
  const root = make("div", { className: `control ${control.kind}` },
    labelled(control, input, ...after, ...unit), note, ...knownWords(control, words));
  root.dataset.control = control.name;
  input.setAttribute("aria-describedby", note.id);
  const refuse = (text) => {
    if (note.textContent !== text) note.textContent = text;
    input.setAttribute("aria-invalid", String(text !== ""));
  };
  return { root, read, write, refuse };
};

// Cells of a picture: [data-cell="row,column"], each with a <title>.  One is reached by Tab, the
// others by arrow keys; the readout says what the mouse or the focus is on.
const cellsView = (figure, readout, words) => {
  const cell = (row, column) => figure.querySelector(`[data-cell="${row},${column}"]`);
  const place = (node) => node.dataset.cell.split(",").map(Number);
  let current = [0, 0];
  const reach = (node) => {
    figure.querySelectorAll("[data-cell][tabindex='0']").forEach((n) => n.setAttribute("tabindex", "-1"));
    keepKeys(node).setAttribute("tabindex", "0");
    current = place(node);
  };
  const say = (event) => {
    const node = event.target.closest("[data-cell]");
    if (node) readout.textContent = node.querySelector("title").textContent;
  };
  figure.addEventListener("pointerover", say);
  figure.addEventListener("focusin", say);
  figure.addEventListener("click", (event) => {
    const node = event.target.closest("[data-cell]");
    if (node) { reach(node); node.focus(); }
  });
  figure.addEventListener("keydown", (event) => {
    const node = event.target.closest("[data-cell]");
    if (!node || event.ctrlKey || event.altKey || event.metaKey) return;
    const [row, column] = place(node);
    const last = figure.querySelectorAll(`[data-cell^="${row},"]`).length - 1;
    const [r, c] = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      Home: [row, 0], End: [row, last],
    }[event.key] ?? [];
    if (r === undefined) return;
    event.preventDefault();
    const next = cell(r, c);
    if (next) { reach(next); next.focus(); }
  });
  const redrawn = (hadFocus) => {
    const [row, column] = current;
    const node = cell(row, column) ?? figure.querySelector("[data-cell]");
    if (!node) { readout.textContent = ""; return; }
    figure.querySelectorAll("[role=table]").forEach((n) => n.setAttribute("role", "grid"));
    figure.querySelectorAll("[data-cell]").forEach((n) => n.setAttribute("role", "gridcell"));
    reach(node);
    readout.textContent = words.read_cells;
    if (hadFocus) node.focus();
  };
  return { redrawn };
};

const pictureView = (words) => {
  const drawing = make("div", { className: "drawing" });
  const readout = make("p", { className: "readout" });
  const sentence = status("sentence");
  const figure = make("figure", {}, sentence, drawing, readout);  // the sentence close to the controls
  const cells = cellsView(drawing, readout, words);
  let drawn = null;
  const update = (picture, text) => {
    if (drawn !== picture) {
      const hadFocus = drawing.contains(document.activeElement) && document.activeElement.matches("[data-cell]");
      const open = [...drawing.querySelectorAll("details")].map((d) => d.open);
      drawing.innerHTML = picture;
      drawing.querySelectorAll("details").forEach((d, i) => { d.open = open[i] ?? d.open; });
      drawing.querySelectorAll("summary").forEach(keepKeys);
      cells.redrawn(hadFocus);
      drawn = picture;
    }
    sentence.replaceChildren(...rich(text));
  };
  return { root: figure, update };
};

export default {
  // Python waits for this sign; it comes when this code runs, even if the cell is not in view.
  initialize({ model }) {
    model.send({ action: "alive" });
  },

  render({ model, el }) {
    const words = model.get("words");
    const fields = new Map();
    const self = Math.random().toString(36).slice(2);  // another view of the same model may ask, too
    let asked = 0, answered = 0, again = false;

    // At most one question is on its way; of all that happens meanwhile only the newest is asked.
    const ask = () => {
      if (asked > answered) { again = true; return; }
      asked += 1;
      patience.begin();
      const values = Object.fromEntries([...fields].map(([name, field]) => [name, field.read()]));
      model.send({ action: "set", request: `${self}:${asked}`, values });
    };
    const settle = (request) => {
      const [whose, n] = request.split(":");
      if (whose !== self) return asked === answered;
      answered = Number(n);
      const more = again;
      again = false;
      if (more) { ask(); return false; }
      patience.end();
      root.removeAttribute("aria-busy");
      root.removeAttribute("data-lost");
      working.textContent = "";
      return false;
    };

    const patience = awaited(model, words, PATIENCE, (sentence, lost) => {
      root.setAttribute("aria-busy", String(!lost));
      root.toggleAttribute("data-lost", lost);
      if (working.textContent !== sentence) working.textContent = sentence;
    });

    const controls = make("div", { className: "controls" });
    for (const control of model.get("controls")) {
      const field = controlView(control, words, ask);
      fields.set(control.name, field);
      controls.append(field.root);
    }
    const general = status("refused");
    const working = status("working");
    const trouble = troubleView(words);
    const picture = pictureView(words);
    const root = make("section", { className: "triad triad-explorer", lang: model.get("lang") },
      make("div", { className: "head" }, make("h3", { textContent: model.get("title") }), working),
      controls, general, trouble.root, picture.root);
    root.setAttribute("aria-label", model.get("title"));

    const update = () => {
      const view = model.get("view"), failure = model.get("trouble");
      const foreign = settle(view.request);  // set elsewhere, or first of all
      for (const [name, field] of fields) {
        if (foreign) field.write(view.raw[name]);
        field.refuse(view.notes[name] ?? "");
      }
      general.textContent = view.notes[""] ?? "";
      trouble.update(failure);
      picture.root.hidden = failure.length > 0;  // it does not belong to these values
      picture.update(view.picture, view.sentence);
      root.dataset.answered = view.request;
    };
    model.on("change:view", update);
    update();
    el.append(root);
    return () => { patience.end(); model.off("change:view", update); };
  },
};
