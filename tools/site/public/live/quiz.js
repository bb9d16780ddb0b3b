// The state of a quiz on its page: helpers/widgets/quiz/state.py, with nothing kept on disk.
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
    const attempt = this.attempts.get(id);
    const result = judge(question, await this.tell(id), given, this.shown);
    attempt.given = given;
    if (result.right !== null) this.count(attempt, result);
    attempt.result = result;
  }

  count(attempt, result) {
    attempt.judged += 1;
    attempt.solved ||= result.right;
    if (attempt.judged === 1) attempt.atOnce = result.right;
    else result.headline += fill(this.shown.words.again, { n: attempt.judged });
  }

  async hint(id) {
    const attempt = this.attempts.get(id);
    attempt.hint = (await this.tell(id)).hint;
    if (attempt.result?.right === null) attempt.result = null;  // it answered another action
  }

  retry(id) {
    Object.assign(this.attempts.get(id), { given: [], result: null });
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
