// gas.js makes pages livelier: progress without reloading, a look into a file before it is sent, an upload that shows its rate.
// Everything works without it, only with more reloading.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);

  // Whoever is on the way to another page is not called back by a reload of this one.
  let leaving = false;
  addEventListener("beforeunload", () => { leaving = true; });

  // Times are UTC in the text; the tooltip has the reader's own.
  const localTimes = (root = document) => {
    for (const t of root.querySelectorAll("time[datetime]")) t.title = new Date(t.dateTime).toLocaleString();
  };

  const sizeText = (n) => {
    const units = ["bytes", "KiB", "MiB", "GiB"];
    let i = 0;
    while (n >= 1023.95 && i < units.length - 1) { n /= 1024; i++; }
    return (i === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)) + " " + units[i];
  };

  // ---- questions before something is lost

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-confirm]");
    if (button && !confirm(button.dataset.confirm)) event.preventDefault();
  });

  // An open menu closes with a click elsewhere or with Escape.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll(".menu[open]")) { menu.open = false; $("summary", menu).focus(); }
  });

  // ---- a window that ends

  const leftText = (s) => {
    if (s < 60) return s + " s";
    if (s < 3600) return Math.floor(s / 60) + " min " + s % 60 + " s";
    if (s < 48 * 3600) return Math.floor(s / 3600) + " h " + Math.floor(s % 3600 / 60) + " min";
    return Math.floor(s / 86400) + " days";
  };

  // countDown writes how long is left. When nothing is, the page says anew what becomes of the result, unless the keyboard is in it.
  const countDown = (element) => {
    const end = performance.now() + 1000 * Number(element.dataset.left);
    const tick = () => {
      const left = Math.max(0, Math.round((end - performance.now()) / 1000));
      if (left > 0) {
        element.textContent = "in " + leftText(left);
        setTimeout(tick, 1000);
        return;
      }
      element.textContent = "now";
      setTimeout(() => { if (!leaving && document.activeElement === document.body) location.reload(); }, 2000);
    };
    tick();
  };

  // ---- a job that runs

  const watchJob = (page) => {
    const stream = new EventSource("/api/v1/jobs/" + page.dataset.id + "/events");
    const began = $("#state .state").textContent.trim();
    stream.addEventListener("job", (event) => {
      const job = JSON.parse(event.data);
      $("#sentence").textContent = job.sentence;
      const pill = $("#state .state");
      pill.className = "state state-" + job.tone;
      pill.lastChild.textContent = job.word;
      const bar = $("#bar");
      if (bar) bar.value = job.percent;
      const ended = ["COMPLETED", "FAILED", "CANCELLED"].includes(job.status);
      if (ended && job.storage !== "THAWING" || began.startsWith("Waiting") && job.status === "RUNNING") { stream.close(); if (!leaving) location.reload(); }
    });
    addEventListener("pagehide", () => stream.close());
  };

  // A part of a page whose jobs have not ended is read again and exchanged, unless somebody is selecting in it or is there with the keyboard.
  const refresh = (part) => {
    const busy = () => part.querySelector("input:checked, :focus-visible");
    const again = async () => {
      if (!document.hidden && !busy()) {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
        if (answer && answer.ok) {
          const fresh = $("#" + part.getAttribute("id"), new DOMParser().parseFromString(await answer.text(), "text/html"));
          if (fresh && !busy()) {
            part.replaceChildren(...fresh.childNodes);
            localTimes(part);
            selectAll();
            if (fresh.dataset.live !== "true") return;
          }
        }
      }
      setTimeout(again, 2500);
    };
    setTimeout(again, 2500);
  };

  const selectAll = () => {
    const all = $("#all");
    if (!all) return;
    const boxes = [...document.querySelectorAll("input[name=id]")], picked = $("#picked");
    const tally = () => {
      const n = boxes.filter((box) => box.checked).length;
      all.checked = n > 0 && n === boxes.length;
      all.indeterminate = n > 0 && n < boxes.length;
      picked.textContent = n ? n + " selected:" : "None selected:";
      for (const button of picked.parentNode.querySelectorAll("button")) button.disabled = n === 0;
    };
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
      tally();
    });
    for (const box of boxes) box.addEventListener("change", tally);
    tally();
  };

  // ---- a look into a file

  const peekBytes = 256 * 1024;

  // start reads the first bytes of a file, inflated where it is gzip. What ends early is enough.
  const start = async (file) => {
    const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
    const gzip = head[0] === 0x1f && head[1] === 0x8b;
    let stream = file.slice(0, peekBytes).stream();
    if (gzip && window.DecompressionStream) stream = stream.pipeThrough(new DecompressionStream("gzip"));
    const reader = stream.getReader();
    const decoder = new TextDecoder();
    let text = "";
    try {
      while (text.length < 4 * peekBytes) {
        const { done, value } = await reader.read();
        if (done) break;
        text += decoder.decode(value, { stream: true });
      }
    } catch { /* the slice ends inside a block */ }
    reader.cancel().catch(() => {});
    return { text, gzip };
  };

  const builds = [
    [/GRCh38|hg38|chr1>?,length=248956422|ID=1,length=248956422/i, "GRCh38"],
    [/GRCh37|hg19|b37|length=249250621/i, "GRCh37"],
    [/T2T|CHM13|length=248387328/i, "T2T-CHM13"],
    [/NC_012920|rCRS|length=16569/i, "rCRS"],
    [/MN908947|NC_045512|length=29903/i, "SARS-CoV-2"],
  ];

  // judge says what a file looks like: lines that are good or bad to know, and its first variants.
  const judge = ({ text, gzip }, size, limit, limitText) => {
    const facts = [], faults = [];
    if (size > limit) faults.push("It has " + sizeText(size) + "; your plan allows " + limitText + ".");
    if (size === 0) faults.push("The file is empty.");
    if (text.startsWith("\uFEFF")) text = text.slice(1);
    if (size > 0 && text.includes("\0")) faults.push("This is no text: it has NUL bytes, perhaps UTF-16 or BCF.");
    const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
    const header = lines.filter((line) => line.startsWith("#"));
    const columns = header.find((line) => line.startsWith("#CHROM"));
    const version = (lines[0].match(/^##fileformat=(\S+)/) || [])[1];
    if (size > 0 && !version && !columns && !faults.length) faults.push("This does not begin like a VCF: the first line is not ##fileformat=VCF….");
    if (version) facts.push(version + (gzip ? ", compressed" : ", plain text"));
    if (version && !columns && header.length === lines.length - (lines[lines.length - 1] === "" ? 1 : 0) && size < peekBytes) faults.push("The line that begins with #CHROM is missing.");
    const build = builds.find(([pattern]) => pattern.test(header.join("\n")));
    if (build) facts.push("looks like " + build[1]);
    const records = lines.filter((line) => line && !line.startsWith("#")).slice(0, 3);
    if (records.length) facts.push(records[0].startsWith("chr") ? "contigs are named chr…" : "contigs are named without chr");
    if (columns) {
      const samples = Math.max(0, columns.split("\t").length - 9);
      facts.push(samples === 1 ? "1 sample" : samples + " samples");
      facts.push(header.length + " header lines");
    }
    if (version && columns && !records.length && size < peekBytes) facts.push("no records");
    return { facts, faults, records };
  };

  const showJudgement = (where, { facts, faults, records }, size) => {
    where.replaceChildren();
    const line = document.createElement("p");
    line.className = faults.length ? "bad" : "good";
    line.textContent = faults.length ? faults.join(" ") : [sizeText(size), ...facts].join(" · ");
    where.append(line);
    if (!faults.length && records.length) {
      const pre = document.createElement("pre");
      pre.tabIndex = 0; // it may be wider than the page: the keyboard scrolls it
      pre.setAttribute("role", "region");
      pre.setAttribute("aria-label", "The first records");
      pre.textContent = records.map((r) => r.split("\t").slice(0, 8).join("\t").slice(0, 160)).join("\n");
      where.append(pre);
    }
  };

  // ---- an upload that shows how far it is

  const uploadForm = (form) => {
    const input = $("#file", form), drop = $("#drop", form), preview = $("#preview", form), send = $("#send", form);
    const limit = Number(form.dataset.limit);
    let good = true;
    const look = async () => {
      preview.replaceChildren();
      good = true;
      const file = input.files[0];
      if (!file) return;
      const verdict = judge(await start(file), file.size, limit, form.dataset.limitText);
      good = verdict.faults.length === 0;
      send.disabled = file.size > limit;
      showJudgement(preview, verdict, file.size);
    };
    input.addEventListener("change", look);
    for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (e) => { e.preventDefault(); drop.classList.add("over"); });
    for (const name of ["dragleave", "drop"]) drop.addEventListener(name, (e) => { e.preventDefault(); drop.classList.remove("over"); });
    drop.addEventListener("drop", (e) => { if (e.dataTransfer.files.length) { input.files = e.dataTransfer.files; look(); } });
    form.addEventListener("submit", (event) => {
      if (event.submitter && event.submitter.hasAttribute("formaction")) return;
      if (!input.files[0]) {
        if ($("#paste", form).value.trim()) return;
        event.preventDefault();
        showJudgement(preview, { facts: [], faults: ["Choose a file, paste records, or use the example."], records: [] }, 0);
        input.focus();
        return;
      }
      event.preventDefault();
      if (!good && !confirm("The check found a fault in the file. Send it all the same?")) return;
      if (input.files[0].size > partsFrom) postParts(form, input.files[0]); else if (form.dataset.direct) postDirect(form, input.files[0]); else post(form);
    });
  };

  // progress shows how far an upload is: bytes, rate, time left.
  const progress = (form) => {
    const panel = $("#sending"), began = Date.now();
    let start = null;
    panel.hidden = false;
    $("#stop").hidden = false;
    panel.scrollIntoView({ block: "nearest" }); // on a small screen it lies below what one sees
    $("#send", form).disabled = true;
    return {
      show(sent, total) {
        if (start === null) start = sent;
        const rate = (sent - start) / Math.max(0.1, (Date.now() - began) / 1000);
        $("#bar", panel).value = 100 * sent / total;
        $("#sent").textContent = sizeText(sent) + " of " + sizeText(total) + (rate > 0 ? " · " + sizeText(rate) + "/s · " + Math.ceil((total - sent) / rate) + " s left" : "");
      },
      over(message) { $("#sent").textContent = message; $("#stop").hidden = true; $("#send", form).disabled = false; },
    };
  };

  // ---- a large upload in parts, which goes on after a break: of the connection, of the browser

  const partsFrom = 8 * 1024 * 1024;

  const call = async (method, path, body) => {
    const answer = await fetch("/api/v1" + path, { method, body: body && JSON.stringify(body), headers: body ? { "Content-Type": "application/json" } : {} });
    const value = answer.status === 204 ? null : await answer.json();
    if (!answer.ok) throw Object.assign(new Error(value.detail || value.title), { final: answer.status < 500 && answer.status !== 429 });
    return value;
  };

  // patiently tries again while the reason may pass: the connection, a busy server.
  const patiently = async (work, tell) => {
    for (let wait = 1; ; wait = Math.min(30, wait * 2)) {
      try { return await work(); } catch (e) {
        if (e.final || e.name === "AbortError") throw e;
        tell("The connection broke. Trying again in " + wait + " s; what has arrived is kept.");
        await new Promise((go) => setTimeout(go, wait * 1000));
      }
    }
  };

  const optionsOf = (form) => {
    const options = {};
    for (const [name, value] of new FormData(form)) {
      if (value === "" || name === "file" || name === "paste") continue;
      if (name === "transcripts") { if (value !== "all") options[value] = true; } else if (name === "databases") (options.databases ||= []).push(value);
      else options[name] = name === "distance" ? Number(value) : value;
    }
    return options;
  };

  const postParts = async (form, file) => {
    const kept = "gas-upload " + [file.name, file.size, file.lastModified].join(" ");
    const bar = progress(form), stop = new AbortController();
    const tell = (text) => { $("#sent").textContent = text; };
    $("#stop").onclick = () => stop.abort();
    try {
      let upload = null;
      const before = localStorage.getItem(kept);
      if (before) upload = await call("GET", "/uploads/" + before).catch(() => null);
      if (!upload) {
        upload = await call("POST", "/uploads", { name: file.name, size: file.size, options: optionsOf(form) });
        localStorage.setItem(kept, upload.upload_id);
      }
      const arrived = new Set(upload.parts.map((part) => part.n));
      let sent = upload.parts.reduce((sum, part) => sum + part.size, 0), addresses = upload.part_urls;
      for (let n = 1; n <= upload.part_count; n++) {
        if (arrived.has(n)) continue;
        const part = file.slice((n - 1) * upload.part_size, n * upload.part_size);
        bar.show(sent, file.size);
        await patiently(async () => {
          if (addresses && !addresses[n]) addresses = (await call("GET", "/uploads/" + upload.upload_id)).part_urls || {}; // the next ones, or signed anew
          const to = addresses ? addresses[n] : "/api/v1/uploads/" + upload.upload_id + "/parts/" + n;
          if (!to) return; // it had arrived, and only its answer got lost
          const answer = await fetch(to, { method: "PUT", body: part, signal: stop.signal });
          if (!answer.ok && addresses) delete addresses[n];
          if (!answer.ok) throw Object.assign(new Error("Part " + n + " was answered with " + answer.status + "."), { final: !addresses && answer.status < 500 });
        }, tell);
        sent += part.size;
      }
      bar.show(sent, file.size);
      const job = await patiently(() => call("POST", "/uploads/" + upload.upload_id + "/complete"), tell);
      localStorage.removeItem(kept);
      location.assign("/annotations/" + job.job_id);
    } catch (e) {
      bar.over(e.name === "AbortError" ? "Stopped. Choose the file again within a day to go on from here." : e.message);
    }
  };

  // postDirect sends a file in one piece to where the store takes it, by the store's own form.
  const postDirect = async (form, file) => {
    const bar = progress(form);
    try {
      const upload = await call("POST", "/uploads", { name: file.name, size: file.size, by: "form", options: optionsOf(form) });
      const data = new FormData();
      for (const [name, value] of Object.entries(upload.form.fields)) data.append(name, value);
      data.append("file", file);
      await new Promise((done, fail) => {
        const request = new XMLHttpRequest();
        request.upload.addEventListener("progress", (e) => { if (e.lengthComputable) bar.show(e.loaded, e.total); });
        request.addEventListener("load", () => { if (request.status < 400) done(); else fail(new Error("The store answered " + request.status + ".")); });
        request.addEventListener("error", () => fail(new Error("The connection broke. Nothing was submitted; try again.")));
        request.addEventListener("abort", () => fail(new Error("Stopped. Nothing was submitted.")));
        $("#stop").onclick = () => request.abort();
        request.open("POST", upload.form.url);
        request.send(data);
      }).catch((e) => { call("DELETE", "/uploads/" + upload.upload_id).catch(() => {}); throw e; });
      const job = await patiently(() => call("POST", "/uploads/" + upload.upload_id + "/complete"), (text) => { $("#sent").textContent = text; });
      location.assign("/annotations/" + job.job_id);
    } catch (e) { bar.over(e.message); }
  };

  const post = (form) => {
    const request = new XMLHttpRequest(), bar = progress(form);
    request.upload.addEventListener("progress", (e) => { if (e.lengthComputable) bar.show(e.loaded, e.total); });
    request.addEventListener("load", () => {
      if (request.status < 400) { location.assign(request.responseURL); return; }
      const main = $("main", new DOMParser().parseFromString(request.responseText, "text/html"));
      if (main) { $("main").replaceChildren(...main.childNodes); scrollTo(0, 0); } else bar.over("The server answered " + request.status + ".");
    });
    request.addEventListener("error", () => bar.over("The connection broke. Nothing was submitted; try again."));
    request.addEventListener("abort", () => bar.over("Stopped. Nothing was submitted."));
    $("#stop").onclick = () => request.abort();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "text/html");
    request.send(new FormData(form));
  };

  localTimes();
  document.querySelectorAll("[data-left]").forEach(countDown);
  selectAll();
  const page = $("#job[data-live=true]");
  if (page) watchJob(page);
  for (const part of document.querySelectorAll("#jobs[data-live=true], #recent[data-live=true], #subscription[data-live=true], #restoring[data-live=true]")) refresh(part);
  const form = $("#upload");
  if (form) uploadForm(form);
})();
