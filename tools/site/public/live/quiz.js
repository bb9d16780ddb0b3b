// The state of a quiz on its page: helpers/widgets/quiz/state.py; who keeps it gives it back (restore).
// Messages and traits: helpers/widgets/base/messages.py.
import { judge } from "./judge.js";
import { fill } from "./texts.js";

const begun = () => ({ given: [], result: null, hint: "", judged: 0, solved: false, atOnce: false });

export class Quiz {
  /** shown: what the page knows at once; tell(question): a promise of what it is told on asking. */
  constructor(shown, tell) {
    this.shown = shown;
    this.tell = tell;
    this.turn = 0;
    this.attempts = new Map(shown.questions.map(({ id }) => [id, begun()]));
  }

  traits() {
    const { lang, words, questions } = this.shown;
    return { lang, words, questions, ...this.now([]) };
  }

  /** Do what a message asks for, and return the traits that change. */
  async hear({ action, question, value }) {
    if (action === "alive") return {};
    try {
      await this[action](question, value);
      return this.now([]);
    } catch (error) {
      return this.now([fill(this.shown.words.error, this.shown.words), `${error}`]);
    }
  }

  async check(id, given) {
    const question = this.shown.questions.find((one) => one.id === id);
    const told = await this.tell(id), attempt = this.attempts.get(id);
    const result = judge(question, told, given, this.shown);
    attempt.given = given;
    if (result.right !== null) this.count(attempt, result);
    attempt.result = result;
  }

  count(attempt, result) {
    attempt.judged += 1;
    attempt.solved ||= result.right;
    if (attempt.judged === 1) attempt.atOnce = result.right;
    this.number(attempt, result);
  }

  number({ judged }, result) {
    if (judged > 1) result.headline += fill(this.shown.words.again, { n: judged });
  }

  async hint(id) {
    const told = await this.tell(id), attempt = this.attempts.get(id);
    attempt.hint = told.hint;
    if (attempt.result?.right === null) attempt.result = null;  // it answered another action
  }

  retry(id) {
    Object.assign(this.attempts.get(id), { given: [], result: null });
  }

  /** Take up what a record keeps, and return the traits that change.  kept: {question: answer} */
  async restore(kept) {
    for (const [id, { judged, hint }] of this.attempts) {
      if (!(id in kept) && (judged || hint)) this.attempts.set(id, begun());  // it was forgotten
    }
    const known = this.shown.questions.filter(({ id }) => id in kept);
    await Promise.allSettled(known.map((question) => this.restored(question, kept[question.id])));
    return this.now([]);
  }

  async restored(question, { given, tries, solved, at_once, hinted }) {
    const attempt = { ...begun(), judged: tries, solved, atOnce: at_once };
    this.attempts.set(question.id, attempt);  // the score is right, whatever the host says
    if (!given.length && !hinted) return;
    const told = await this.tell(question.id);
    if (hinted) attempt.hint = told.hint;
    const own = fitting(question, told, given);
    const result = own.length ? judge(question, told, own, this.shown) : { right: null };
    if (result.right === null || attempt.result) return;  // the reader may have answered meanwhile
    this.number(attempt, result);
    Object.assign(attempt, { given: own, result });
  }

  now(trouble) {
    this.turn += 1;
    const attempts = [...this.attempts].map(([id, one]) => [id, seen(one)]);
    return { attempts: { turn: this.turn, ...Object.fromEntries(attempts) }, score: this.score(), trouble };
  }

  score() {
    const all = [...this.attempts.values()];
    const [right, at_once] = ["solved", "atOnce"].map((name) => all.filter((one) => one[name]).length);
    return fill(this.shown.words.score, { total: all.length, right, at_once });
  }
}

const seen = ({ given, result, hint }) => ({
  given, hint, right: result?.right ?? null, headline: result?.headline ?? "", details: result?.details ?? [],
});

// A kept answer as the page gives it: places, or a text; "" where it no longer fits the question.
function fitting({ control }, { choices }, given) {
  if (!choices) return typeof given === "string" ? given : "";
  const ids = choices.map(({ id }) => id);
  const fits = Array.isArray(given) && given.every((id) => ids.includes(id)) && (control === "checkbox" || given.length < 2);
  return fits ? ids.flatMap((id, place) => (given.includes(id) ? [place] : [])) : "";
}
