// The event stream: read with fetch (an EventSource cannot send a key), taken up again when it
// breaks, going on where it ended.

import { headers, query, renewKey } from '/js/api.js';

const RETRY_MS = [500, 1000, 2000, 4000, 8000];
const SILENT_MS = 40000; // the server says something every 15 s

export class Stream {
  // `onEvent(type, data)`, `onState('connecting' | 'live' | 'down')`
  constructor(onEvent, onState) {
    this.onEvent = onEvent;
    this.onState = onState;
    this.sensors = [];
    this.lastId = '';
    this.failures = 0;
    this.run = 0; // tells this connection from earlier ones
  }

  // Follows these sensors' values (and all anomalies, incidents, summaries) from now on.
  follow(sensors) {
    const same = this.abort && sensors.join() === this.sensors.join();
    this.sensors = sensors;
    if (!same) this.connect();
  }

  close() {
    this.run++;
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    if (this.abort) this.abort.abort();
    this.abort = null;
  }

  async connect() {
    this.close();
    const run = this.run;
    this.abort = new AbortController();
    try {
      const more = this.lastId ? { 'Last-Event-ID': this.lastId } : {};
      const response = await fetch('/api/v1/events' + query({ sensors: this.sensors.join() }),
        { headers: headers({ Accept: 'text/event-stream', ...more }), signal: this.abort.signal });
      if (response.status === 401) await renewKey();
      if (!response.ok) throw new Error(`status ${response.status}`);
      this.failures = 0;
      this.onState('live');
      await this.read(response.body.getReader(), run);
    } catch (error) {
      if (run === this.run) this.onState('down', error.message);
    }
    if (run !== this.run) return;
    this.onState(this.failures ? 'down' : 'connecting');
    this.timer = setTimeout(() => this.connect(),
      RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)]);
  }

  async read(reader, run) {
    const decoder = new TextDecoder();
    let text = '';
    for (;;) {
      clearTimeout(this.silence);
      this.silence = setTimeout(() => run === this.run && this.connect(), SILENT_MS);
      const { done, value } = await reader.read();
      if (done || run !== this.run) return;
      text += decoder.decode(value, { stream: true });
      for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2))
        this.take(text.slice(0, end));
    }
  }

  take(block) {
    let type = 'message', data = '';
    for (const line of block.split('\n')) {
      if (line.startsWith('event: ')) type = line.slice(7);
      else if (line.startsWith('data: ')) data += line.slice(6);
      else if (line.startsWith('id: ')) this.lastId = line.slice(4);
    }
    if (data) this.onEvent(type, JSON.parse(data));
  }
}
