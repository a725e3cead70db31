const form = document.getElementById("reset");
const statusLine = document.getElementById("status");
const button = form.querySelector("button");
const token = new URLSearchParams(location.search).get("token");
const showStatus = (kind, text) => { statusLine.className = kind; statusLine.textContent = text; };
if (!token) {
  showStatus("bad", "This link is not complete. Open the link in the e-mail again.");
  button.disabled = true;
}
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const password = document.getElementById("new").value;
  if (password !== document.getElementById("again").value) {
    return showStatus("bad", "The two passwords differ. Enter the same password twice.");
  }
  button.disabled = true;
  showStatus("", "Setting the password…");
  try {
    // no cookies: the token alone authorises the request, and a cookie would need a CSRF proof
    const response = await fetch("/v1/auth/password-reset/confirm", {
      method: "POST",
      credentials: "omit",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token, new_password: password }),
    });
    const body = await response.json().catch(() => ({}));
    const invalid = body.fields?.find((field) => field.field === "new_password");
    const message = invalid ? `The password ${invalid.message}.` : body.message;
    showStatus(response.ok ? "good" : "bad", message || "The password was not set. Try again in a moment.");
    form.hidden = response.ok;
  } catch {
    showStatus("bad", "The server did not respond. Check your connection and try again.");
  }
  button.disabled = false;
});
