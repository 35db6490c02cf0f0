// Plant time in seconds: the newest that was heard of.

export const clock = { now: 0, step: 1 }; // step: how far it usually moves at once; the demo can run fast

export function moveTo(seconds) {
  if (seconds <= clock.now) return;
  if (clock.now) clock.step += 0.3 * (Math.min(seconds - clock.now, 600) - clock.step);
  clock.now = seconds;
}

export function ago(seconds) {
  return new Date((clock.now - seconds) * 1000).toISOString();
}

export function nowText() {
  return new Date(clock.now * 1000).toISOString();
}
