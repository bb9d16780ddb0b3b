// Draws what Python says and reports what the student does.  Nothing is run or read here.
// Messages: widgets/base/messages.py (TerminalMessage).

const SCREENFUL = 24, EMPTY = 4;  // rows of a full screen, and of one on which nothing is printed yet

// Segments of a row take turns: narrow, wide, narrow, …  Few fonts give wide characters just twice the
// width of narrow ones, and signs may come from another font: such a stretch gets a box of its own.
const boxed = (className, text, columns) => {
  const node = make("span", { className, textContent: text });
  node.style.setProperty("--columns", columns * [...text.replace(/[\p{M}\p{Cf}]/gu, "")].length);
  return node;
};

const narrow = (text) =>
  /[^\x00-\x7f]/.test(text) && /[\p{L}\p{N}]/u.test(text) ? boxed("narrow", text, 1) : text;

const wide = (text) => boxed("wide", text, 2);

const rowView = (segments) => {
  const parts = segments.flatMap((text, i) => (text === "" ? [] : [i % 2 ? wide(text) : narrow(text)]));
  return make("div", { className: "printed" }, ...parts);
};

// The rows on screen.  Only what changed is drawn, so that a selection stays and a reader hears news only.
const screenView = (name) => {
  const rows = make("div", { className: "rows" });
  const root = keepKeys(make("div", { className: "screen", tabIndex: 0 }, rows));
  root.setAttribute("role", "log");
  root.setAttribute("aria-label", name);
  let drawn = [];
  const update = (lines) => {
    const wanted = lines.flat().map((row) => JSON.stringify(row));
    const first = wanted.findIndex((row, i) => row !== drawn[i]);
    const same = first < 0 ? wanted.length : first;
    const following = root.scrollHeight - root.scrollTop - root.clientHeight < 8;
    // a screenful is read out as it comes; more than that would never end
    root.setAttribute("aria-live", wanted.length > SCREENFUL ? "off" : "polite");
    while (rows.childElementCount > same) rows.lastElementChild.remove();
    rows.append(...wanted.slice(same).map((row) => rowView(JSON.parse(row))));
    drawn = wanted;
    root.style.setProperty("--rows", Math.min(SCREENFUL, Math.max(EMPTY, wanted.length)));
    if (following) root.scrollTop = root.scrollHeight;
  };
  return { root, rows, update };
};

// True if the text is in the clipboard.  Without leave (http, VS Code) the old way may still work.
const copyText = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", { value: text });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
};

const textOf = (lines) =>
  lines.map((rows) => rows.flat().join("")).join("\n") + "\n";

export default {
  // Python waits for this sign; it comes when this code runs, even if the cell is not in view.
  initialize({ model }) {
    model.send({ action: "alive" });
  },

  render({ model, el }) {
    const words = model.get("words");
    const [title, size] = model.get("title");
    const state = status("status");
    const clock = make("span", { className: "clock" });
    clock.setAttribute("aria-hidden", "true");  // it would be read every second
    const screen = screenView(words.output);
    const trouble = troubleView(words);

    // a cell may be running, or nobody be there: say so instead of looking dead
    const patience = awaited(model, words, 1000, (sentence) => {
      if (state.textContent !== sentence) state.textContent = sentence;
    });
    const report = (action, place = null) => {
      patience.begin();
      model.send({ action, place });
    };
    const options = model.get("options").map((text, value) => make("option", { textContent: text, value }));
    const select = keepKeys(make("select", {}, ...options));
    const button = (action, press) => {
      const node = keepKeys(make("button", { type: "button", textContent: words[action] }));
      node.dataset.action = action;
      node.addEventListener("click", press);
      return node;
    };
    // aria-disabled, not disabled: a button that is disabled loses the focus of whoever pressed it
    const allow = (node, yes) => node.setAttribute("aria-disabled", String(!yes));
    const may = (node) => node.getAttribute("aria-disabled") !== "true";
    const run = button("run", () => may(run) && report("run", Number(select.value)));
    const stop = button("stop", () => may(stop) && report("stop"));
    const copy = button("copy", async () => {
      const done = await copyText(textOf(model.get("lines")));
      if (!done) {
        getSelection().selectAllChildren(screen.rows);
        screen.root.focus();
      }
      state.textContent = done ? words.copied : words.not_copied;
    });

    const bar = make("div", { className: "bar" }, make("h3", { textContent: title }), make("span", { textContent: size }));
    const root = make("section", { className: "triad triad-terminal", lang: model.get("lang") },
      make("div", { className: "controls" }, make("label", {}, words.experiment, select), run, stop, copy),
      make("div", { className: "frame" }, bar, screen.root),
      make("div", { className: "line" }, state, clock), trouble.root);
    root.setAttribute("aria-label", `${title} ${size}`);

    const update = () => {
      patience.end();
      const running = model.get("running");
      root.dataset.running = String(running);
      allow(run, !running);
      allow(stop, running);
      if (state.textContent !== model.get("sentence")) state.textContent = model.get("sentence");
      clock.textContent = running ? words.clock.replace("{n}", model.get("seconds")) : "";
      screen.update(model.get("lines"));
      trouble.update(model.get("trouble"));
    };
    model.on("change:turn", update);
    select.value = String(model.get("place"));
    el.append(root);
    update();
    return () => model.off("change:turn", update);
  },
};
