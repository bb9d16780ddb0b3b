// A reader's record: the file of the notebooks' progress.export() and progress.load().  What is
// merged how is said in src/helpers/classroom/records.py; a test compares the two.

/** The file is damaged, or no record of this course. */
export class NotOurs extends Error {}

/** A later version of the course wrote the file. */
export class TooNew extends Error {}

export const begun = ({ course, format }) => ({ course, format, student: randomId(), lesson: {} });

const randomId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** The time in UTC; digits of microseconds, so that a later one is greater as text, too. */
export const now = () => new Date().toISOString().replace("Z", "000Z");

const lessonWork = () => ({ quiz: {}, tasks: {}, guesses: {} });
const noAnswer = () => ({ given: [], tries: 0, solved: false, at_once: false, hinted: false, when: "", first: [], since: "" });

// --- what a reader does -------------------------------------------------------------------------

/** In place of a prediction: the measured value was opened without one (predict.SHOW_ME). */
export const LOOKED = "?";

/** Keep a prediction; the first one stays. */
export function guessed(record, lesson, cell, given) {
  work(record, lesson).guesses[cell] ??= { given, when: now() };
}

/** As the page's quiz tells it: action check, hint or retry; right null where nothing was judged. */
export function quizzed(record, { lesson, question, action, given, right }) {
  const { quiz } = work(record, lesson), answer = (quiz[question] ??= noAnswer());
  if (action === "hint") answer.hinted = true;
  if (action === "retry" && answer.given.length) Object.assign(answer, { given: [], when: now() });
  if (action === "check" && right !== null) judged(answer, given, right);
}

function judged(answer, given, right) {
  const when = now();
  if (!answer.tries) Object.assign(answer, { first: given, since: when, at_once: right });
  Object.assign(answer, { given, when, tries: answer.tries + 1, solved: answer.solved || right });
}

const work = (record, lesson) => (record.lesson[lesson] ??= lessonWork());

// --- two records into one -----------------------------------------------------------------------

const both = (one, other, join) => {
  const joined = { ...one };
  for (const [key, value] of Object.entries(other)) joined[key] = key in one ? join(one[key], value) : value;
  return joined;
};

const later = (name, value) => (one, other) => {
  const order = (x) => [x[name], JSON.stringify(x[value])];
  const [a, b] = [order(one), order(other)];
  return a[0] > b[0] || (a[0] === b[0] && a[1] >= b[1]) ? one : other;
};
const newer = later("when", "given");

function bothAnswers(one, other) {
  const last = newer(one, other), dated = [one, other].filter(({ since }) => since);
  const old = dated.length ? dated.reduce((a, b) => (later("since", "first")(a, b) === a ? b : a)) : last;
  const either = (name) => one[name] || other[name];
  return {
    given: last.given, tries: Math.max(one.tries, other.tries), solved: either("solved"), at_once: either("at_once"),
    hinted: either("hinted"), when: last.when, first: old.first, since: old.since,
  };
}

const bothLessons = (one, other) => ({
  quiz: both(one.quiz, other.quiz, bothAnswers),
  tasks: both(one.tasks, other.tasks, (a, b) => (a < b ? a : b)),
  guesses: both(one.guesses, other.guesses, newer),
});

export const merged = (one, other) => both(one, other, bothLessons);

// --- the file -----------------------------------------------------------------------------------

export const written = (record) => `${JSON.stringify(record, null, 1)}\n`;

/** The lessons of a record that was written here or by a notebook.  NotOurs, TooNew. */
export function read(text, { course, format, renamed }) {
  let table;
  try {
    table = JSON.parse(text.replace(/^\ufeff/, ""));
    if (table.course !== course) throw new NotOurs(`course is ${table.course}`);
    if (typeof table.format !== "number") throw new NotOurs("no format");
    if (table.format > format) throw new TooNew(`format ${table.format}`);
    return Object.entries(table.lesson).reduce(
      (joined, [name, entry]) => merged(joined, { [renamed[name] ?? name]: lessonOf(entry) }), {});
  } catch (problem) {
    if (problem instanceof TooNew || problem instanceof NotOurs) throw problem;
    throw new NotOurs(`${problem}`);
  }
}

function lessonOf({ quiz, tasks, guesses = {} }) {
  const answers = mapped(quiz, (answer) => checked({ ...answer, first: answer.first ?? [], since: answer.since ?? "" }, noAnswer()));
  const dated = mapped(tasks, (when) => checked({ when }, { when: "" }).when);
  return { quiz: answers, tasks: dated, guesses: mapped(guesses, (guess) => checked(guess, { given: "", when: "" })) };
}

const mapped = (table, change) => Object.fromEntries(Object.entries(table).map(([key, value]) => [key, change(value)]));

/** The fields of a model, each of its kind; an answer is a text or a list of texts. */
function checked(entry, model) {
  const kind = (x) => (Array.isArray(x) && x.every((id) => typeof id === "string") ? "list" : typeof x);
  return Object.fromEntries(Object.entries(model).map(([name, like]) => {
    const kinds = kind(like) === "list" ? ["list", "string"] : [kind(like)];
    if (!kinds.includes(kind(entry[name]))) throw new NotOurs(`${name} is ${JSON.stringify(entry[name])}`);
    return [name, entry[name]];
  }));
}
