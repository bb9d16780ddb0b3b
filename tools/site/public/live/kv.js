// <triad-kv data-lang>: the calculator's controls, its answer, and a link that carries its state.
import { answer, amount, FORMATS, gib, PASTED } from "./kv-answer.js";
import { CHUNKS, fromLink, positive, toLink, whole } from "./kv-link.js";
import { get, shared } from "./loading.js";
import { fill, fixed } from "./texts.js";

const make = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};
const load = async (name) => (await get(`kv/${name}`)).json();
const families = shared(() => load("families.json"));
const PAUSE = 300;  // ms: a browser refuses a new address at every key

// Text in which `code` stands between backticks.
const rich = (text) => text.split("`").map((part, i) => (i % 2 ? make("code", { textContent: part }) : part));

// What stands in it is said where a file does not come: data-state="failed".
customElements.define("triad-kv", class extends HTMLElement {
  async connectedCallback() {
    try {
      [this.table, this.words] = await Promise.all([load("table.json"), load(`words-${this.dataset.lang}.json`)]);
    } catch {
      this.dataset.state = "failed";
      return;
    }
    this.begin();
    this.draw(fromLink(location, this.table));
    addEventListener("hashchange", () => {
      const asked = fromLink(location, this.table);
      if (asked.isAsked) this.draw(asked);
    });
  }

  // Nodes that stay: changes of a status are announced, open layers stay open.
  begin() {
    this.unused = make("p", { className: "refused" });
    this.sentence = make("p", { className: "sentence" });
    for (const one of [this.unused, this.sentence]) one.setAttribute("role", "status");
    this.layers = make("details", {});
    this.said = make("div", { className: "said" });
    this.controls = make("div", { className: "controls" });
    this.replaceChildren(this.unused, this.controls, this.sentence, this.said);
  }

  draw({ state, unused, isAsked }) {
    this.state = state;
    this.controls.replaceChildren(...this.fields());
    this.unused.textContent = unused.length ? fill(this.words.not_used, { values: unused.join("、") }) : "";
    this.show();
    this.tellOthers();
    if (isAsked) this.tellAddress();
  }

  // --- state and address -------------------------------------------------------------------------

  set(name, value) {
    this.state[name] = value;
    this.unused.textContent = "";
    this.show();
    this.tell();
  }

  tell() {
    this.tellOthers();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.tellAddress(), PAUSE);
  }

  // Without the families nobody knows yet what a link has to carry of a config.
  isUnread() {
    return this.state.model === PASTED && this.state.config.trim() && !this.table.families;
  }

  tellAddress() {
    if (this.isUnread()) return;
    const link = toLink(this.state, this.table);
    history.replaceState(null, "", `${location.pathname}${link && `#${link}`}`);
  }

  // The link to the page in the other language keeps what is asked here.
  tellOthers() {
    const link = this.isUnread() ? location.hash : toLink(this.state, this.table);
    document.querySelectorAll(".other-language").forEach((one) => { one.hash = link; });
  }

  // --- controls ----------------------------------------------------------------------------------

  fields() {
    const { words, table } = this, formats = Object.keys(FORMATS).map((name) => [name, name]);
    const models = [...table.models.map(({ key, name }) => [key, name]), [PASTED, words.pasted]];
    const chunks = [...CHUNKS.map((n) => [`${n}`, fixed(n, 0)]), ["all", words.whole]];
    return [
      this.list("model", words.model, models, (value) => value),
      this.number("length", words.length), this.number("source", words.source), this.number("batch", words.batch),
      this.list("weights", words.weight_format, formats, (value) => value),
      this.list("cache", words.cache_format, formats, (value) => value),
      this.list("chunk", words.chunk, chunks, (value) => (value === "all" ? null : Number(value))),
      this.text("config", words.config), this.number("parameters", words.parameters),
    ];
  }

  labelled(name, label, input, ...more) {
    const node = make("div", { className: "control" }, make("label", {}, make("span", { textContent: label }), input), ...more);
    node.dataset.control = name;
    return node;
  }

  list(name, label, choices, read) {
    const options = choices.map(([value, textContent]) => make("option", { value, textContent }));
    const input = make("select", {}, ...options);
    input.value = `${this.state[name] ?? "all"}`;
    input.addEventListener("change", () => this.set(name, read(input.value)));
    return this.labelled(name, label, input);
  }

  number(name, label) {
    const isOptional = name === "parameters";
    const input = make("input", { type: "text", inputMode: "decimal", autocomplete: "off", value: `${this.state[name]}` });
    const note = make("p", { className: "refused", id: `kv-${name}-note` });
    note.setAttribute("role", "status");
    input.setAttribute("aria-describedby", note.id);
    const read = () => {
      const value = isOptional && !input.value.trim() ? "" : (isOptional ? positive : whole)(input.value);
      const isWrong = value === undefined;
      note.textContent = isWrong ? this.words[isOptional ? "not_positive" : "not_number"] : "";
      input.setAttribute("aria-invalid", `${isWrong}`);
      if (!isWrong) this.set(name, value);
    };
    input.addEventListener("input", (event) => event.isComposing || read());
    input.addEventListener("compositionend", read);
    return this.labelled(name, label, input, note);
  }

  text(name, label) {
    const input = make("textarea", { rows: 8, spellcheck: false, value: this.state[name] });
    input.addEventListener("input", () => this.set(name, input.value));
    return this.labelled(name, label, input);
  }

  // --- the answer --------------------------------------------------------------------------------

  show() {
    const { words, table, state } = this, isPasted = state.model === PASTED;
    const model = table.models.find(({ key }) => key === state.model);
    const hidden = { source: !model?.isEncoderDecoder, config: !isPasted, parameters: !isPasted };
    for (const [name, isHidden] of Object.entries(hidden)) {
      this.controls.querySelector(`[data-control="${name}"]`).hidden = isHidden;
    }
    if (isPasted && !state.config.trim()) { this.say({ refused: "" }); return; }
    if (this.isUnread()) { this.learn(); return; }
    this.say(answer(state, table, words));
  }

  say(told) {
    this.sentence.replaceChildren(...rich(told.refused ?? told.sentence));
    this.said.replaceChildren(...(told.refused === undefined ? this.parts(told) : []));
  }

  // What is known of families is loaded when a config.json is there.
  async learn() {
    try {
      Object.assign(this.table, await families());
    } catch {
      if (this.isUnread()) this.say({ refused: this.words.not_loaded });  // else another is asked for
      return;
    }
    this.show();
    this.tell();
  }

  parts(told) {
    const { words } = this;
    this.layers.replaceChildren(make("summary", { textContent: words.layers }), this.eachLayer(told.layers));
    if (!told.need) return [this.layers, make("p", {}, ...rich(words.parameters_note))];
    return [this.layers, make("h2", { textContent: words.need }), this.lines(told.need), make("p", {}, told.reads),
      make("h2", { textContent: words.cards }), this.cards(told)];
  }

  eachLayer(all) {
    const { words } = this, rows = [];
    for (const [first, last] of runs(all)) {
      const one = all[first], count = last - first + 1;
      rows.push([count === 1 ? `${first + 1}` : `${first + 1}–${last + 1}`, words[`kind_${one.kind}`],
        fixed(one.tokens, 0), fixed(one.perToken * count, 0), fixed(one.bytes * count, 0)]);
    }
    return table([words.layer, words.kind, words.kept, words.per_token, words.bytes], rows);
  }

  // A waterfall: each bar begins where the last one ended.
  lines({ lines, bytes }) {
    const { words } = this;
    let begin = 0;
    const rows = Object.entries(lines).map(([name, size]) => {
      const bar = make("span", { className: `bar ${name}` });
      bar.style.marginInlineStart = `${(100 * begin) / bytes}%`;
      bar.style.width = `max(2px, ${(100 * size) / bytes}%)`;
      begin += size;
      return [words[`line_${name}`], `${gib(size)} GiB`, make("span", { className: "track" }, bar)];
    });
    rows.push([words.all, amount(bytes, words), ""]);
    const made = table([words.line, words.size, ""], rows);
    made.querySelectorAll("tr > :last-child").forEach((cell) => cell.setAttribute("aria-hidden", "true"));
    return made;
  }

  cards({ cards, need }) {
    const { words } = this;
    const rows = cards.map((card) => {
      const left = card.room - need.bytes;
      const text = fill(words[card.fits ? "room" : "short"], { gib: gib(Math.abs(left), 1) });
      return [`${card.name} (${card.gb} GB)`, `${gib(card.room, 1)} GiB`, text];
    });
    return table([words.card, words.usable, words.verdict], rows);
  }
});

const runs = (all) => {
  const found = [];
  all.forEach((one, i) => {
    const same = i && JSON.stringify(one) === JSON.stringify(all[i - 1]);
    if (same) found.at(-1)[1] = i;
    else found.push([i, i]);
  });
  return found;
};

const table = (head, rows) => {
  const cells = (tag, texts) => texts.map((text) => (tag === "th" && !text ? make("td") : make(tag, {}, text)));
  const made = make("table", {},
    make("thead", {}, make("tr", {}, ...cells("th", head))),
    make("tbody", {}, ...rows.map(([first, ...rest]) => {
      const name = make("th", { scope: "row" }, first);
      return make("tr", {}, name, ...cells("td", rest));
    })));
  const box = make("div", { className: "wide" }, made);
  box.tabIndex = 0;
  return box;
};
