// Talking to the server. Every write carries the header that a page of another site cannot send.
const HEADERS = { "X-Lingyin": "1" };

export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export async function ask(path, method = "GET", body) {
  const headers = body === undefined ? HEADERS : { ...HEADERS, "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) {
    if (answer.status === 401) document.dispatchEvent(new Event("signed-out"));
    const told = await answer.json().catch(() => ({}));
    throw new Problem(answer.status, String(told.detail ?? answer.status));
  }
  return answer.status === 204 ? null : answer.json();
}

// Sends files in one request; `progress(share)` follows the bytes. Gives {status, wait, body}; status 0: no connection.
export function send(files, progress) {
  return new Promise((resolve) => {
    const form = new FormData();
    for (const file of files) form.append("files", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", "/studies");
    for (const [name, value] of Object.entries(HEADERS)) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => progress(event.total ? event.loaded / event.total : 0));
    request.addEventListener("loadend", () => {
      if (request.status === 401) document.dispatchEvent(new Event("signed-out"));
      resolve({ status: request.status, wait: Number(request.getResponseHeader("Retry-After")) || 5, body: request.response });
    });
    request.send(form);
  });
}
