// Calls of the HTTP API, with the key when the server wants one.

let key = sessionStorage.getItem('key') || '';
let askForKey = async () => '';

export function onKeyNeeded(ask) {
  askForKey = ask;
}

export function headers(more) {
  return key ? { ...more, 'X-API-Key': key } : { ...more };
}

// Several calls may find at once that the key is wrong: people are asked once.
let asking = null;

export async function renewKey() {
  asking = asking || askForKey().finally(() => { asking = null; });
  const answer = await asking;
  if (!answer) return false;
  key = answer;
  sessionStorage.setItem('key', key);
  return true;
}

export class ApiError extends Error {
  constructor(status, message, field) {
    super(message);
    this.status = status;
    this.field = field;
  }
}

async function call(method, path, body) {
  const options = { method, headers: headers({ Accept: 'application/json' }) };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers['Content-Type'] = 'application/json';
  }
  const response = await fetch(path, options);
  if (response.status === 401 && await renewKey()) return call(method, path, body);
  const answer = await response.json().catch(() => null);
  if (!response.ok) {
    const error = answer && answer.error;
    throw new ApiError(response.status,
      error ? error.message : `fettle answered with status ${response.status}`,
      error && error.field);
  }
  return answer;
}

export function query(parameters) {
  const text = new URLSearchParams();
  for (const [name, v] of Object.entries(parameters))
    if (v !== '' && v !== null && v !== undefined && v !== false) text.set(name, v);
  return text.size ? '?' + text : '';
}

export const get = (path, parameters) => call('GET', path + query(parameters || {}));
export const post = (path, body) => call('POST', path, body);
export const patch = (path, body) => call('PATCH', path, body);
