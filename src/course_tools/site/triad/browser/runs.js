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

/** The decoder's logits behind the beginning of a sentence, or another text in its language. */
export function behind({ reader, models, chosen }, text) {
  return once(chosen, `behind ${text.join("")}`, () => {
    const { ids, before } = reader.ids(text, "decoder", chosen.lang);
    return decoder(ids.slice(0, before + text.length), models.decoder).logits.at(-1);
  });
}

/** T5's record of a sentence that it reads. */
export function memory({ reader, models }, sentence) {
  const { ids } = reader.ids([...sentence.text], "encoder_decoder", sentence.lang);
  return once(sentence, "memory", () => ({ ids, ...encode(ids, models.encoder_decoder) }));
}

/** T5's record of what it is given to have written, while it translates a sentence. */
export function decoded(shared, sentence, given) {
  const { vectors } = memory(shared, sentence);
  return once(sentence, `written ${given}`, () => ({ given, ...decode(given, vectors, shared.models.encoder_decoder) }));
}

/** What T5 writes for a sentence: {ids, text}; guess, without its end, only saves time. */
export function translation(shared, sentence, guess) {
  const { reader } = shared, signs = { start: reader.number("[PAD]"), end: reader.number("</s>") };
  return once(sentence, "translation", () => {
    const tried = guess ?? [...(sentence.translation ?? "")].map(reader.number);
    const ids = answer((given) => decoded(shared, sentence, given), signs, tried);
    return { ids, text: reader.text(ids) };
  });
}

/** T5's record while it writes its own translation. */
export function writing(shared, sentence) {
  const { ids } = translation(shared, sentence);
  return decoded(shared, sentence, [shared.reader.number("[PAD]"), ...ids.slice(0, -1)]);
}
