/**
 * Makes instances of a patched class say `instance.constructor === TheClass`, as before; returns the undo, which leaves
 * alone what somebody else has put there since.
 */
export function replaceConstructor(original: unknown, replacement: unknown): () => void {
  const { prototype } = original as { readonly prototype: object };
  const before = Object.getOwnPropertyDescriptor(prototype, 'constructor');
  if (before === undefined || before.value !== original) return () => {};
  Object.defineProperty(prototype, 'constructor', { ...before, value: replacement });
  return () => {
    const present = Object.getOwnPropertyDescriptor(prototype, 'constructor');
    if (present?.value === replacement) Object.defineProperty(prototype, 'constructor', before);
  };
}
