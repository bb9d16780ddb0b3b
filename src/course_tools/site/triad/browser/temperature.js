// Step 6: the decoder writes on; temperature moves its probabilities.
import { best, sample } from "./reading.js";
import { ask, bars, button, el, slider } from "./dom.js";
import { behind } from "./runs.js";

const MOST = 40; // tokens that it writes at once

export function temperature(place, shared) {
  const { say } = shared, state = { temperature: 1, text: [] };
  const again = ask(place, say, {
    question: say("temperature_question"),
    options: { up: say("temperature_up"), down: say("temperature_down"), same: say("temperature_same") },
    measure: (result) => show(result, shared, state),
  });
  const begin = () => { state.text = start(shared.chosen); again(); };
  shared.hear(begin);
  begin();
}

/** What stands left of the first blank, and one character at least. */
const start = ({ text, blanks }) => [...text].slice(0, Math.max(1, Math.min(...Object.values(blanks).map(({ at }) => at).filter((at) => at > 1), text.length)));

/** Draw; return what a temperature of 2 does to the likeliest token. */
function show(result, shared, state) {
  const { say, reader, chosen } = shared, shown = el("p", { className: "shown", role: "status" }), list = el("div");
  const finished = () => state.text.at(-1) === "</s>" || state.text.length >= MOST;
  const draw = () => {
    shown.textContent = state.text.join("");
    const rows = finished() ? [] : best(behind(shared, state.text), 8, state.temperature);
    list.replaceChildren(bars(rows.map(({ id, p }) => ({ name: reader.names([id])[0], p })), say("next_tokens")));
    for (const one of writers) one.disabled = finished();
  };
  const write = () => state.text.push(reader.names([sample(behind(shared, state.text), state.temperature, Math.random())])[0]);
  const writers = [button(say("write_one"), () => { write(); draw(); }, { className: "main" }), button(say("write_all"), () => { while (!finished()) write(); draw(); })];
  const anew = button(say("write_anew"), () => { state.text = start(chosen); draw(); });
  const set = slider(say("temperature"), { min: 0.1, max: 3, step: 0.1, value: state.temperature, shown: (value) => value.toFixed(1) }, (value) => { state.temperature = value; draw(); });
  result.replaceChildren(set, shown, el("p", { className: "doors" }, writers, anew), list, el("p", { className: "note" }, say("temperature_note")));
  draw();
  const logits = behind(shared, start(chosen)), [cold, hot] = [1, 2].map((t) => best(logits, 1, t)[0].p);
  return hot > cold ? "up" : hot < cold ? "down" : "same";
}
