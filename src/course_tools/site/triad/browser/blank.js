// Step 2: one blank for all three: filled from both sides, from the left, and the sentence translated.
import { encoder } from "./forward.js";
import { best } from "./reading.js";
import { ask, bars, choice, el, other, span, tag } from "./dom.js";
import { behind, translation } from "./runs.js";

export function blank(place, shared) {
  const { say } = shared;
  let slot;
  const controls = el("div"), parts = el("div");
  place.append(controls, parts);
  const again = ask(parts, say, {
    question: say("blank_question"),
    options: { both: say("blank_both"), encoder: say("blank_encoder"), decoder: say("blank_decoder"), none: say("blank_none") },
    measure: (result) => show(result, shared, shared.chosen.blanks[slot]),
  });
  const begin = () => {
    const { blanks, text } = shared.chosen;
    const names = Object.keys(blanks);
    slot = names.includes("counter") ? "counter" : names[names.length >> 1];
    const options = names.map((name) => [name, named(say, name, blanks[name].at)]);
    const shown = el("p", { className: "shown", lang: tag(shared.chosen.lang) });
    const draw = () => { shown.textContent = hidden([...text], blanks[slot].at).join(""); again(); };
    controls.replaceChildren(choice(say("blank"), options, slot, (name) => { slot = name; draw(); }), shown);
    draw();
  };
  shared.hear(begin);
  begin();
}

/** What a blank is called, without the character that it hides. */
const named = (say, slot, at) => say(Number.isInteger(Number(slot)) ? "blank_at" : `slot_${slot}`, { n: at + 1 });
const hidden = (characters, at) => characters.map((character, n) => (n === at ? "＿" : character));

/** Draw three columns; return which of the two filled the blank with the hidden character. */
function show(result, shared, { at, ceiling }) {
  const { say, chosen } = shared, { lang } = chosen, characters = [...chosen.text], wanted = characters[at];
  const filled = fromBothSides(shared, at), next = behind(shared, characters.slice(0, at)), translated = translation(shared, chosen);
  const rows = (logits) => likeliest(shared, logits, wanted);
  const [both, left] = [rows(filled), rows(next)];
  result.replaceChildren(
    el("div", { className: "columns" },
      column(say("encoder"), lang, [...characters.slice(0, at), "[MASK]", ...characters.slice(at + 1)].join(""), "", say("encoder_sees"), bars(both, say("bars_encoder"))),
      column(say("decoder"), lang, characters.slice(0, at).join("") + "→", characters.slice(at).join(""), say("decoder_sees"), bars(left, say("bars_decoder"))),
      column(say("encoder_decoder"), lang, chosen.text, "", say("encoder_decoder_sees"), el("p", { className: "shown", lang: tag(other(lang)) }, translated.text), checked(say, chosen, translated.text))),
    el("p", {}, say.parts("hidden_was", { character: span(lang, wanted) }), unknown(shared, wanted), ceiling === undefined ? "" : say(ceiling > 0.999 ? "ceiling_left" : "ceiling_right", { p: ceiling.toFixed(2) }), say("ceiling_try")));
  const hits = [both, left].map((list) => list[0].mark);
  return hits[0] ? (hits[1] ? "both" : "encoder") : hits[1] ? "decoder" : "none";
}

/** The five likeliest characters, and below them the hidden one with its rank, if it is another. */
function likeliest({ say, reader, chosen: { lang } }, logits, wanted) {
  const all = best(logits, logits.length).map(({ id, p }, n) => ({ name: reader.names([id])[0], p, n }));
  const own = all.find(({ name }) => name === wanted), listed = all.slice(0, 5);
  if (own && !listed.includes(own)) listed.push({ ...own, rank: own.n + 1 });
  const named = ({ name, rank }) => (rank ? say.parts("rank", { character: span(lang, name), n: rank }) : span(lang, name));
  return listed.map((one) => ({ name: named(one), p: one.p, mark: one.n === own?.n }));
}

const column = (title, lang, read, unread, sees, ...drawn) =>
  el("section", {}, el("h3", {}, title), el("p", { className: "reads", lang: tag(lang) }, read, unread && el("del", {}, unread)), el("p", { className: "note" }, sees), drawn);

const unknown = ({ reader, say }, wanted) => (reader.unknown(wanted).length ? say("unknown_blank") : "");

/** How a translation compares with the grammar's; without one: null. */
function checked(say, { lang, translation }, got) {
  const said = (name) => say.parts(name, { translation: span(other(lang), translation) });
  return el("p", { className: "note" }, translation === null ? say("no_reference") : said(got === translation ? "translated_right" : "translated_wrong"));
}

function fromBothSides({ reader, models, chosen }, at) {
  const { ids, before } = reader.ids([...chosen.text], "encoder", chosen.lang);
  ids[before + at] = reader.number("[MASK]");
  return encoder(ids, models.encoder).logits[before + at];
}
