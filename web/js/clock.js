// Plant time in seconds: the newest that was heard of.

export const clock = { now: 0 };

export function moveTo(seconds) {
  if (seconds > clock.now) clock.now = seconds;
}

export function ago(seconds) {
  return new Date((clock.now - seconds) * 1000).toISOString();
}

export function nowText() {
  return new Date(clock.now * 1000).toISOString();
}
