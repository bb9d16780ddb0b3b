/** The path of the same page in another language; a page of no language leads to where each begins.
    root: where the site lies, without its last slash, which may hold a language's code, too */
export function there(path: string, root: string, own: string | undefined, code: string): string {
  const page = path.slice(root.length), begin = `/${own}/`;
  return `${root}/${code}/${page.startsWith(begin) ? page.slice(begin.length) : ""}`;
}
