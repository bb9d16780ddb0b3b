// What comes alive on a page: quizzes at once, explorers when the reader asks.
import { draw, Model } from "./model.js";
import { Quiz } from "./quiz.js";

const here = (path) => new URL(path, import.meta.url);
const get = async (path) => {
  const answer = await fetch(here(path));
  if (!answer.ok) throw new Error(`${answer.status} ${path}`);
  return answer;
};

const style = document.createElement("link");
Object.assign(style, { rel: "stylesheet", href: here("screens/widgets.css") });
document.head.append(style);

// <triad-quiz data-lang data-lesson>: what stands in it is the quiz to read, without answers.
customElements.define("triad-quiz", class extends HTMLElement {
  async connectedCallback() {
    const folder = `quiz/${this.dataset.lang}/${this.dataset.lesson}`;
    const [{ default: screen }, shown] = await Promise.all(
      [import(here("screens/quiz.js")), get(`${folder}/shown.json`).then((answer) => answer.json())]);
    const quiz = new Quiz(shown, (question) => this.told(`${folder}/${question}.txt`));
    const hear = async (message) => {
      const changes = await quiz.hear(message);
      if (message.question) this.tellPage(message, quiz.attempts.get(message.question));
      return changes;
    };
    this.replaceChildren(draw(screen, new Model(quiz.traits(), hear)));
  }

  // What is said to one question, fetched when the reader first asks for it.
  known = new Map();

  async told(path) {
    if (!this.known.has(path)) {
      const text = await (await get(path)).text();
      const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      this.known.set(path, JSON.parse(new TextDecoder().decode(bytes)));
    }
    return this.known.get(path);
  }

  // Whoever keeps the reader's progress listens to this event.
  tellPage({ action, question }, { given, result }) {
    const told = this.known.get(`quiz/${this.dataset.lang}/${this.dataset.lesson}/${question}.txt`);
    const ids = Array.isArray(given) && told?.choices ? given.map((place) => told.choices[place].id) : given;
    const detail = { lesson: this.dataset.lesson, action, question, given: ids, right: result?.right ?? null };
    this.dispatchEvent(new CustomEvent("triad-quiz", { bubbles: true, detail }));
  }
});

// One worker for all explorers of the page: begun at the first press, then shared.
const calls = new Map();
let worker, asked = 0;
const kernel = (call, ...args) => new Promise((resolve, reject) => {
  if (!worker) {
    worker = new Worker(here("kernel.js"), { type: "module" });
    worker.onmessage = ({ data: { id, value, error } }) => {
      const [answer, refuse] = calls.get(id);
      calls.delete(id);
      if (error) refuse(new Error(error));
      else answer(value);
    };
    worker.onerror = () => calls.forEach(([, refuse]) => refuse(new Error("kernel.js")));
  }
  const id = asked++;
  calls.set(id, [resolve, reject]);
  worker.postMessage({ id, call, args });
});
let settings;

// <triad-live data-lang data-lesson data-cell>: what stands in it is the explorer to read.
customElements.define("triad-live", class extends HTMLElement {
  async connectedCallback() {
    settings ??= get("settings.json").then((answer) => answer.json());
    this.words = (await settings)[this.dataset.lang];
    this.button = document.createElement("button");
    Object.assign(this.button, { type: "button", className: "live-button", textContent: this.words.live_button });
    this.note = document.createElement("p");
    this.note.setAttribute("role", "status");
    this.button.addEventListener("click", () => this.begin());
    this.prepend(this.button, this.note);
  }

  async begin() {
    this.button.disabled = true;
    this.note.textContent = this.words.live_waiting;
    try {
      const { lang, lesson, cell } = this.dataset;
      const sources = await (await get(`cells/${lang}/${lesson}.json`)).json();
      const [{ default: screen }, { number, traits }] = await Promise.all(
        [import(here("screens/explorer.js")), kernel("show", sources[cell], lang, lesson)]);
      const hear = (message) => kernel("hear", number, JSON.stringify(message));
      this.replaceChildren(draw(screen, new Model(traits, hear)));
      this.querySelector("input, select")?.focus();
      this.dataset.awake = "";
    } catch (error) {
      this.note.textContent = `${this.words.live_failed} (${`${error.message}`.trim().split("\n").at(-1)})`;
      this.button.disabled = false;
    }
  }
});
