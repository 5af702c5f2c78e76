local status = require("duologue.status")

test("an older state that comes late is not news", function()
  status.without("")
  equal(status.set({ voice = "ready", microphone = "open", seq = 5 }), true)
  equal(status.set({ voice = "loading", seq = 4 }), false)
  equal(status.line(), "◉ listening")
end)

test("without a server nothing is known, and a new one begins at the beginning", function()
  status.without("lost", "there is no server")
  equal(status.line(), "✗ no server")
  equal(status.started(), false)
  equal(status.get().health, "error")
  status.without("starting")
  equal(status.line(), "… starting")
  status.without("")
  equal(status.line(), "○ off")
  equal(status.set({ voice = "ready", microphone = "muted", seq = 1 }), true)
  equal(status.line(), "◌ muted")
end)

test("only a voice that runs can be talked to", function()
  status.without("")
  equal(status.talking(true), false)
  status.set({ voice = "ready", microphone = "push_to_talk", seq = 1 })
  equal(status.talking(true), true)
  equal(status.line(), "◉ talk now")
  status.set({ voice = "off", seq = 2 })
  equal(status.talking(), false)
end)

test("values that are new to us are shown as they are, and fields that are new are kept", function()
  status.without("")
  status.set({ voice = "ready", microphone = "shared", partner = "singing", parts = vim.NIL, mood = { 1 }, seq = 1 })
  equal(status.line(), "shared")
  equal(status.get().mood, { 1 })
  equal(status.facts(), { "shared", "voice ready, microphone shared" })
end)

test("null is nothing said", function()
  status.without("")
  status.set({ voice = "failed", message = vim.NIL, microphone = vim.NIL, latencyMs = vim.NIL, seq = vim.NIL })
  equal(status.line(), "✗ no voice")
  equal(status.get().microphone, "off")
  equal(status.get().latencyMs, nil)
end)

test("all facts, in plain words", function()
  status.without("")
  local parts = { voice = "hibari", ear = "moonshine" }
  local state = { voice = "ready", microphone = "push_to_talk", latencyMs = 211.7, parts = parts, seq = 1 }
  status.set(vim.tbl_extend("force", state, { health = "warning", message = "the endpoint is slow" }))
  equal(status.facts(), {
    "◍ push to talk ⚠",
    "voice ready, microphone push to talk",
    "the last answer began after 211 ms",
    "ear: moonshine",
    "voice: hibari",
    "the endpoint is slow",
  })
end)
