// What comes alive on a page: quizzes at once, explorers when the reader asks.
import { get, here, script, shared } from "./loading.js";
import { draw, Model } from "./model.js";
import { Quiz } from "./quiz.js";

const style = document.createElement("link");
Object.assign(style, { rel: "stylesheet", href: here("screens/widgets.css") });
document.head.append(style);

// <triad-quiz data-lang data-lesson>: what stands in it is the quiz to read, without answers.
customElements.define("triad-quiz", class extends HTMLElement {
  async connectedCallback() {
    const folder = `quiz/${this.dataset.lang}/${this.dataset.lesson}`;
    const [{ default: screen }, shown] = await Promise.all(
      [script("screens/quiz.js"), get(`${folder}/shown.json`).then((answer) => answer.json())]);
    const quiz = new Quiz(shown, (question) => this.told(`${folder}/${question}.txt`));
    const model = new Model(quiz.traits(), async (message) => {
      const changes = await quiz.hear(message);
      if (message.question && !changes.trouble.length) this.tellAnswer(message, quiz.attempts.get(message.question));
      return changes;
    });
    this.replaceChildren(draw(screen, model));
    const restore = async (kept) => model.set(await quiz.restore(kept));
    const begin = () => this.isTelling || this.tell({ action: "begin", restore });
    addEventListener("triad-progress", begin);  // another page has changed the record
    begin();
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

  tellAnswer({ action, question }, { given, result }) {
    const told = this.known.get(`quiz/${this.dataset.lang}/${this.dataset.lesson}/${question}.txt`);
    const ids = Array.isArray(given) && told?.choices ? given.map((place) => told.choices[place].id) : given;
    this.tell({ action, question, given: ids, right: result?.right ?? null });
  }

  // Whoever keeps the reader's progress listens to this event, and restores what it keeps.
  tell(more) {
    this.isTelling = true;
    const detail = { lesson: this.dataset.lesson, ...more };
    this.dispatchEvent(new CustomEvent("triad-quiz", { bubbles: true, detail }));
    this.isTelling = false;
  }
});

// One worker for all explorers of the page: begun at the first press, then shared.
const calls = new Map();
let worker, asked = 0, arrived = () => {};
const kernel = (call, ...args) => new Promise((resolve, reject) => {
  worker ??= begun();
  const id = asked++;
  calls.set(id, [resolve, reject]);
  worker.postMessage({ id, call, args });
});

function begun() {
  const made = new Worker(here("kernel.js"), { type: "module" });
  made.onmessage = ({ data }) => heard(data);
  made.onerror = () => ended("kernel.js");
  return made;
}

function heard({ bytes, dead, id, value, error }) {
  if (bytes) return arrived(bytes);
  if (dead) return ended(dead);
  const [answer, refuse] = calls.get(id);
  calls.delete(id);
  return error ? refuse(new Error(error)) : answer(value);
}

/** The worker is of no more use: the next press begins another. */
function ended(reason) {
  worker?.terminate();
  worker = undefined;
  const waiting = [...calls.values()];
  calls.clear();
  for (const [, refuse] of waiting) refuse(new Error(reason));
}

const settings = shared(() => get("settings.json").then((answer) => answer.json()));

// <triad-live data-lang data-lesson data-cell>: what stands in it is the explorer to read.
customElements.define("triad-live", class extends HTMLElement {
  async connectedCallback() {
    this.words = (await settings())[this.dataset.lang];
    this.button = document.createElement("button");
    Object.assign(this.button, { type: "button", className: "live-button", textContent: this.words.live_button });
    this.note = document.createElement("p");
    this.note.setAttribute("role", "status");
    this.bytes = document.createElement("p");  // not announced: it changes all the time
    this.button.addEventListener("click", () => this.begin());
    this.prepend(this.button, this.note, this.bytes);
    this.asleep = [...this.childNodes];
  }

  async begin() {
    if (this.button.ariaDisabled === "true") return;
    this.button.ariaDisabled = true;  // not disabled: that would take the focus away
    this.note.textContent = this.words.live_waiting;
    const { bytes: all, megabytes } = this.words;
    arrived = (bytes) => { this.bytes.textContent = `${((megabytes * Math.min(bytes, all)) / all).toFixed(1)} / ${megabytes} MB`; };
    try {
      const { lang, lesson, cell } = this.dataset;
      const sources = await (await get(`cells/${lang}/${lesson}.json`)).json();
      const [{ default: screen }, { number, traits }] = await Promise.all(
        [script("screens/explorer.js"), kernel("show", sources[cell], lang, lesson)]);
      const own = worker;
      const hear = (message) => this.hear(own, number, message);
      this.replaceChildren(draw(screen, new Model(traits, hear)));
      this.querySelector("input, select")?.focus();
      this.dataset.awake = "";
    } catch (error) {
      this.sleep(error);
    }
  }

  async hear(own, number, message) {
    try {
      if (own !== worker) throw new Error("kernel.js");
      return await kernel("hear", number, JSON.stringify(message));
    } catch (error) {
      this.sleep(error);
      return {};
    }
  }

  sleep(error) {
    const hadFocus = this.contains(document.activeElement);
    delete this.dataset.awake;
    this.replaceChildren(...this.asleep);
    this.note.textContent = `${this.words.live_failed} (${`${error.message}`.trim().split("\n").at(-1)})`;
    this.bytes.textContent = "";
    this.button.ariaDisabled = false;
    if (hadFocus) this.button.focus();
  }
});
