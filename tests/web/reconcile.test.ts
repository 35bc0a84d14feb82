import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals";
import { reconcile } from "../../web/client/media/reconcile";

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A deed that ends only when the test says so. */
function held() {
  const begun: number[] = [];
  let finish: ((how: "well" | "badly") => void) | null = null;
  const act = ({ value }: { value: number }) => {
    begun.push(value);
    return new Promise<void>((resolve, reject) => {
      finish = (how) =>
        how === "well" ? resolve() : reject(new Error("badly"));
    });
  };
  const end = async (how: "well" | "badly") => {
    finish?.(how);
    await settle();
  };
  return { begun, act, end };
}

test("one deed runs at a time, and only the last wish of those made meanwhile is carried out", async () => {
  const wish = signal(1);
  const { begun, act, end } = held();
  reconcile(() => ({ value: wish.value }), act);
  wish.value = 2;
  wish.value = 3;
  wish.value = 4;
  assert.deepEqual(begun, [1]);
  await end("well");
  assert.deepEqual(begun, [1, 4]);
});

test("a wish taken back while its deed ran is undone, one that came back is not done twice", async () => {
  const wish = signal(1);
  const { begun, act, end } = held();
  reconcile(() => ({ value: wish.value }), act);
  await end("well");
  wish.value = 2;
  wish.value = 1;
  await end("well");
  assert.deepEqual(begun, [1, 2, 1]);
  await end("well");
  wish.value = 1;
  await settle();
  assert.deepEqual(begun, [1, 2, 1]);
});

test("a failed deed is tried again after longer and longer waits, with the wish as it is then", async () => {
  const wish = signal(1);
  const { begun, act, end } = held();
  const waits: number[] = [];
  reconcile(
    () => ({ value: wish.value }),
    act,
    (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
  );
  await end("badly");
  wish.value = 5;
  await end("badly");
  await end("badly");
  assert.deepEqual(begun, [1, 1, 5, 5]);
  assert.deepEqual(waits, [250, 500, 1000]);
});

test("what failed half way is not taken for done when the old wish returns", async () => {
  const wish = signal(1);
  const { begun, act, end } = held();
  reconcile(
    () => ({ value: wish.value }),
    act,
    () => Promise.resolve(),
  );
  await end("well");
  wish.value = 2;
  wish.value = 1;
  await end("badly");
  assert.deepEqual(begun, [1, 2, 1]);
});

test("nothing more is done after it was stopped", async () => {
  const wish = signal(1);
  const { begun, act, end } = held();
  const stop = reconcile(() => ({ value: wish.value }), act);
  stop();
  wish.value = 2;
  await end("well");
  assert.deepEqual(begun, [1]);
});

test("reading a signal inside a deed makes no wish of it", async () => {
  const wish = signal(1);
  const other = signal(1);
  let deeds = 0;
  reconcile(
    () => ({ value: wish.value }),
    () => {
      deeds += other.value;
    },
  );
  await settle();
  other.value = 10;
  await settle();
  assert.equal(deeds, 1);
});
