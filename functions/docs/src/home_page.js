// the documents that this deployment shows
fetch(location.pathname, { headers: { accept: "application/json" } })
  .then((response) => response.json())
  .then((home) => {
    for (const name of ["docs", "redoc", "events"]) {
      if (home[name]) {
        const link = document.getElementById(name);
        link.href = home[name];
        link.hidden = false;
      }
    }
  });
