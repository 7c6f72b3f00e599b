// Subtests that build on one another: after one has failed the rest would only wait.

/** @returns {(name: string, fn: Function) => Promise<void>} */
export function chapters(context) {
  let isBroken = false;
  return async (name, fn) => {
    if (isBroken) return;
    await context.test(name, async (inner) => {
      try {
        await fn(inner);
      } catch (error) {
        isBroken = true;
        throw error;
      }
    });
  };
}
