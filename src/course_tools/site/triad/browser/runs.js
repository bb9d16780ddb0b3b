// What the models compute of a sentence, each once: several steps of the page ask for the same.
import { decode, decoder, encode, encoder } from "./forward.js";
import { answer } from "./reading.js";

const kept = new WeakMap();

/** f(), computed once for a sentence and a name. */
function once(sentence, name, f) {
  const found = kept.get(sentence) ?? kept.set(sentence, new Map()).get(sentence);
  if (!found.has(name)) found.set(name, f());
  return found.get(name);
}

/** A model's record of a whole sentence; ahead: the decoder's mask. */
export function whole({ reader, models }, sentence, name, ahead = 0) {
  const { ids } = reader.ids([...sentence.text], name, sentence.lang), run = { encoder, decoder }[name];
  return once(sentence, `${name} ${ahead}`, () => ({ ids, ...run(ids, models[name], ahead) }));
}

/** What T5 writes for a sentence: {source, memory, ids, text}; guess only saves time. */
export function translation({ reader, models }, sentence, guess) {
  const { text, lang, translation: known } = sentence;
  return once(sentence, "translation", () => {
    const source = reader.ids([...text], "encoder_decoder", lang).ids, memory = encode(source, models.encoder_decoder);
    const tried = guess ?? (known ? [...known, "</s>"].map(reader.number) : []);
    const ids = answer(memory.vectors, models.encoder_decoder, { start: reader.number("[PAD]"), end: reader.number("</s>") }, tried);
    return { source, memory, ids, text: reader.text(ids) };
  });
}

/** T5's record while it writes its own translation: what it is given, and the rest. */
export function writing({ reader, models }, sentence) {
  return once(sentence, "writing", () => {
    const { ids, memory } = translation({ reader, models }, sentence), given = [reader.number("[PAD]"), ...ids.slice(0, -1)];
    return { given, ...decode(given, memory.vectors, models.encoder_decoder) };
  });
}
