const token = tokenOfLink();
const describe = (response, body) => sentence(body.message) || "That did not work. Try again in a moment.";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  post("One moment…", "/v1/auth/email-verification/link", json({ token }), describe);
});
