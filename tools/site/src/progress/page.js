// What a reader answers on a page is kept; the page to begin with shows it, and takes it along.
import format from "../../progress.json";
import allWords from "../../words.json";
import { change, forget, kept } from "./kept.js";
import { guessed, merged, NotOurs, quizzed, read, TooNew, written } from "./record.js";

const [, lesson] = location.pathname.match(/\/(\d\d_\w+)\/(?:index\.html)?$/) ?? [];

// --- predictions and quizzes of a lesson --------------------------------------------------------

for (const box of lesson ? document.querySelectorAll(".guess") : []) {
  const input = box.querySelector("input"), details = box.querySelector("details");
  input.value = kept().lesson[lesson]?.guesses[input.name]?.given ?? "";
  const keep = () => {
    const given = input.value.trim();
    const isNew = given !== (kept().lesson[lesson]?.guesses[input.name]?.given ?? "");
    if (details.open && given && isNew) change((record) => guessed(record, lesson, input.name, given));
  };
  details.addEventListener("toggle", keep);
  input.addEventListener("change", keep);
}

document.addEventListener("triad-quiz", ({ detail }) => change((record) => quizzed(record, detail)));

// --- all lessons --------------------------------------------------------------------------------

const made = (name, text, more = {}) => Object.assign(document.createElement(name), { textContent: text }, more);
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
    this.replaceChildren(this.table, ...buttons, this.file, this.note);
    addEventListener("triad-progress", () => this.draw());
    addEventListener("storage", () => this.draw());
    this.draw();
  }

  draw() {
    const { lesson: works } = kept(), table = made("table", ""), words = this.words;
    const head = made("thead", ""), body = made("tbody", "");
    head.append(row("th", ["lesson", "guesses", "quiz", "tasks"].map((name) => words[`progress_${name}`])));
    for (const { name, title, guesses, questions } of this.lessons) {
      const { quiz = {}, tasks = {}, guesses: own = {} } = works[name] ?? {};
      const solved = Object.values(quiz).filter((answer) => answer.solved).length;
      const size = (part) => Object.keys(part).length;
      body.append(row("td", [`${name.slice(0, 2)} ${title}`, `${size(own)}/${guesses}`, `${solved}/${questions}`, `${size(tasks)}`]));
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

const counted = (works) => {
  const sum = (part) => Object.values(works).reduce((n, work) => n + Object.keys(work[part]).length, 0);
  return { guesses: sum("guesses"), answers: sum("quiz"), tasks: sum("tasks") };
};
