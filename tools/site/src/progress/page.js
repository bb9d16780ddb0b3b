// What a reader answers on a page is kept; the page to begin with shows it, and takes it along.
import format from "../../progress.json";
import allWords from "../../words.json";
import { change, forget, isKept, kept, tell } from "./kept.js";
import { guessed, LOOKED, merged, NotOurs, quizzed, read, TooNew, written } from "./record.js";

const [, lang, lesson] = location.pathname.match(/\/([^/]+)\/(\d\d_\w+)\/(?:index\.html)?$/) ?? [];
const words = allWords[lang];

const made = (name, text, more = {}) => Object.assign(document.createElement(name), { textContent: text }, more);

// --- predictions and quizzes of a lesson --------------------------------------------------------

// A prediction is what stood there when the measured value was first opened.
for (const box of lesson ? document.querySelectorAll(".guess") : []) {
  const input = box.querySelector("input"), details = box.querySelector("details");
  const note = made("p", "", { className: "locked", id: `locked-${input.name}` });
  input.setAttribute("aria-describedby", note.id);
  details.before(note);
  const own = () => kept().lesson[lesson]?.guesses[input.name];
  const show = () => {
    const guess = own();
    if (!guess && input.readOnly) input.value = "";  // it was forgotten
    input.readOnly = Boolean(guess);
    if (guess) input.value = guess.given === LOOKED ? "" : guess.given;
    note.textContent = guess ? words[guess.given === LOOKED ? "progress_looked" : "progress_locked"] : "";
  };
  details.addEventListener("toggle", () => {
    if (!details.open || own()) return;
    change((record) => guessed(record, lesson, input.name, input.value.trim() || LOOKED));
    warn(box);
  });
  addEventListener("triad-progress", show);
  show();
}

document.addEventListener("triad-quiz", ({ detail, target }) => {
  if (detail.action === "begin") return detail.restore(kept().lesson[detail.lesson]?.quiz ?? {});
  change((record) => quizzed(record, detail));
  warn(target);
});
tell();  // a quiz that was here before asks once more

/** Say once, below what was answered, that this browser keeps nothing. */
function warn(place) {
  if (isKept() || document.querySelector(".not-kept")) return;
  const note = made("p", "", { className: "not-kept" });
  note.setAttribute("role", "status");
  place.after(note);
  note.textContent = words.progress_not_kept;
}

// --- all lessons --------------------------------------------------------------------------------

const row = (kind, cells) => {
  const line = made("tr", "");
  line.append(...cells.map((text) => made(kind, text)));
  return line;
};

// <triad-progress data-lang data-lessons>: [{name, title, guesses, questions}]
customElements.define("triad-progress", class extends HTMLElement {
  connectedCallback() {
    this.words = allWords[this.dataset.lang];
    this.lessons = JSON.parse(this.dataset.lessons);
    this.table = made("div", "", { className: "wide", tabIndex: 0 });
    this.note = made("p", "", { role: "status" });
    this.file = made("input", "", { type: "file", accept: ".json,application/json", hidden: true });
    this.file.addEventListener("change", () => this.load());
    const actions = { export: () => this.export(), load: () => this.file.click(), forget: () => this.forget() };
    const buttons = Object.entries(actions).map(([name, onclick]) =>
      made("button", this.words[`progress_${name}`], { type: "button", onclick }));
    this.warning = made("p", this.words.progress_not_kept, { className: "not-kept" });
    this.replaceChildren(this.warning, this.table, ...buttons, this.file, this.note);
    addEventListener("triad-progress", () => this.draw());
    this.draw();
  }

  draw() {
    const { lesson: works } = kept(), table = made("table", ""), words = this.words;
    this.warning.hidden = isKept();
    const head = made("thead", ""), body = made("tbody", "");
    head.append(row("th", ["lesson", "guesses", "quiz", "tasks"].map((name) => words[`progress_${name}`])));
    for (const { name, title, guesses, questions } of this.lessons) {
      const { quiz = {}, tasks = {}, guesses: own = {} } = works[name] ?? {};
      const solved = Object.values(quiz).filter((answer) => answer.solved).length;
      const passed = Object.keys(tasks).length;
      body.append(row("td", [`${name.slice(0, 2)} ${title}`, `${predicted(own)}/${guesses}`, `${solved}/${questions}`, `${passed}`]));
    }
    table.append(head, body);
    this.table.replaceChildren(table);
  }

  export() {
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
    const href = URL.createObjectURL(new Blob([written(kept())], { type: "application/json" }));
    made("a", "", { href, download: `triad-progress-${stamp}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
  }

  async load() {
    try {
      const found = read(await this.file.files[0].text(), format);
      change((record) => Object.assign(record, { lesson: merged(record.lesson, found) }));
      this.say("loaded", counted(found));
    } catch (problem) {
      if (!(problem instanceof NotOurs || problem instanceof TooNew)) throw problem;
      this.say(problem instanceof TooNew ? "too_new" : "not_ours");
    } finally {
      this.file.value = "";
    }
  }

  forget() {
    if (!confirm(this.words.progress_sure)) return;
    forget();
    this.say("forgotten");
  }

  say(name, values = {}) {
    this.note.textContent = this.words[`progress_${name}`].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  }
});

function predicted(guesses) {
  return Object.values(guesses).filter(({ given }) => given !== LOOKED).length;
}

const counted = (works) => {
  const sum = (count) => Object.values(works).reduce((n, work) => n + count(work), 0);
  const size = (part) => (work) => Object.keys(work[part]).length;
  return { guesses: sum((work) => predicted(work.guesses)), answers: sum(size("quiz")), tasks: sum(size("tasks")) };
};
