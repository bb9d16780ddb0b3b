// The judgement of an answer: helpers/widgets/quiz/kinds.py, with what its page was told.
import { decimal, isNear, NotANumber, readNumber } from "./numbers.js";
import { fill } from "./texts.js";

/** {right, headline, details}; right: null where nothing is judged.  given: places, or a text. */
export const judge = (question, told, given, shown) =>
  (told.choices ? judgeChoices : judgeNumber)(question, told, given, shown);

function judgeChoices(question, told, given, { words }) {
  const chosen = told.choices.filter((_, place) => given.includes(place));
  if (!chosen.length) return { right: null, headline: fill(words.nothing_chosen, words), details: [] };
  const right = told.choices.every((choice, place) => choice.right === given.includes(place));
  const isPart = question.control === "checkbox" && !right && chosen.every((choice) => choice.right);
  const headline = words[right ? "right" : isPart ? "incomplete" : "wrong"];
  return { right, headline, details: chosen.map(({ heading, why }) => [heading, why]) };
}

function judgeNumber(question, told, given, { words, raised }) {
  const typed = given.trim();
  if (!typed) return { right: null, headline: fill(words.no_number, words), details: [] };
  let number;
  try {
    number = readNumber(typed, told.units, raised);
  } catch (problem) {
    if (!(problem instanceof NotANumber)) throw problem;
    return { right: null, headline: unread(typed, problem.rest, told.unit, words), details: [] };
  }
  const near = ({ value, tolerance }) => isNear(number, decimal(value), decimal(tolerance));
  if (near({ value: told.answer, tolerance: told.tolerance })) {
    return { right: true, headline: words.right, details: [["", told.why_right]] };
  }
  const why = told.mistakes.find(near)?.why ?? told.why_wrong;
  return { right: false, headline: words.wrong, details: [["", why]] };
}

function unread(typed, rest, unit, words) {
  const name = !rest ? "not_a_number" : unit ? "other_unit" : "no_unit";
  const start = (text) => [...text].slice(0, 40).join("");
  return fill(words[name], { text: start(typed), rest: start(rest), unit });
}
