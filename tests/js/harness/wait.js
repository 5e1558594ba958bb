// Waiting for conditions.

import { setTimeout as pause } from 'node:timers/promises';

/** How long anything may take before a test fails. */
export const PATIENCE_MS = 10_000;

const LOOK_AGAIN_MS = 20;

/** Waits until `condition` gives something truthy, and gives that. */
export async function until(what, condition, patience = PATIENCE_MS) {
  const deadline = Date.now() + patience;
  for (;;) {
    const value = await condition();
    if (value) {
      return value;
    }
    if (Date.now() > deadline) {
      throw new Error(`waited ${patience} ms in vain until ${what}`);
    }
    await pause(LOOK_AGAIN_MS);
  }
}

/** `promise`, unless it takes longer than a test may wait for `what`. */
export async function within(what, promise, patience = PATIENCE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${patience} ms in vain for ${what}`)), patience);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
