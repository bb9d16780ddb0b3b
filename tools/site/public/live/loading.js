// What a page asks of its own site: an answer that is no file is a failure, and a failure is not kept.

export const here = (path) => new URL(path, import.meta.url);

export const get = async (path) => {
  const answer = await fetch(here(path));
  if (!answer.ok) throw new Error(`${answer.status} ${path}`);
  return answer;
};

/** make(), once for all who ask; after a failure the next one tries again. */
export const shared = (make) => {
  let made;
  return () => (made ??= make().catch((error) => {
    made = undefined;
    throw error;
  }));
};

/** Import a script; one that did not come is asked for by another name, since a browser keeps that it failed. */
export const script = async (path) => {
  try {
    return await import(here(path));
  } catch {
    return import(here(`${path}?${Date.now()}`));
  }
};
