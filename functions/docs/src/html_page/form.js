// What every page with a form does. The script of a page follows.
const form = document.querySelector("form");
const statusLine = document.getElementById("status");
const button = form.querySelector("button");
// the base is not empty if the API is below a path of its host
const base = location.pathname.replace(/\/[^/]+\/?$/, "");
const parameters = new URLSearchParams(location.search);
const showStatus = (kind, text) => { statusLine.className = kind; statusLine.textContent = text; };
// Returns an error message of the API as a sentence, or nothing if there is none.
const sentence = (text) => text ? `${text[0].toUpperCase()}${text.slice(1).replace(/\.?$/, "")}.` : "";
// Returns the token of the link in an e-mail. Without one, the form cannot be sent.
const tokenOfLink = () => {
  const token = parameters.get("token");
  if (!token) {
    showStatus("bad", "This link is not complete. Open the link in the e-mail again.");
    button.disabled = true;
  }
  return token;
};
const json = (body) => ({ headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
// Sends a POST request to the API and shows its outcome. `describe` returns the text for a response and its body.
const post = async (progress, path, options, describe) => {
  button.disabled = true;
  showStatus("", progress);
  try {
    // no cookies unless a page needs them: a write with a cookie needs a CSRF proof
    const response = await fetch(base + path, { method: "POST", credentials: "omit", ...options });
    const body = await response.json().catch(() => ({}));
    showStatus(response.ok ? "good" : "bad", describe(response, body));
    form.hidden = response.ok;
  } catch {
    showStatus("bad", "The server did not respond. Check your connection and try again.");
  }
  button.disabled = false;
};
