local transcript = require("duologue.transcript")

---@param fields table
---@return string
local function words(fields)
  local line = { id = "1", role = "partner", text = "Größe is not defined.", final = true, cause = "end" }
  return transcript.words(vim.tbl_extend("force", line, fields))
end

test("who said what", function()
  equal(words({ role = "user", text = "what is\nwrong" }), "You: what is wrong")
  equal(words({}), "Duologue: Größe is not defined.")
  equal(words({ role = "user", text = "what is", final = false }), "You: what is …")
  equal(words({ role = "narrator" }), "narrator: Größe is not defined.")
end)

test("what was cut off, and after which words, counted in characters", function()
  equal(words({ heardUpTo = 6, cause = "key" }), "Duologue: Größe is not defined. (silenced by a key after “Größe”)")
  equal(words({ heardUpTo = 8, cause = "speech" }), "Duologue: Größe is not defined. (interrupted after “Größe is”)")
  equal(words({ heardUpTo = 0, cause = "key" }), "Duologue: Größe is not defined. (silenced by a key, not heard)")
  equal(words({ heardUpTo = 6, cause = "device" }), "Duologue: Größe is not defined. (cut off after “Größe”)")
end)

test("what was heard whole, or is still being said, is not cut off", function()
  equal(words({ heardUpTo = 21 }), "Duologue: Größe is not defined.")
  equal(words({ heardUpTo = 3, final = false }), "Duologue: Größe is not defined. …")
  equal(words({ heardUpTo = vim.NIL }), "Duologue: Größe is not defined.")
  equal(words({ role = "user", heardUpTo = 3 }), "You: Größe is not defined.")
end)

test("no more is kept than can be read, and an update is no new line", function()
  transcript.clear()
  for number = 1, 505 do
    transcript.update({ id = tostring(number), role = "user", text = "x", final = false })
    transcript.update({ id = tostring(number), role = "user", text = "line " .. number, final = true })
  end
  local kept = transcript.list()
  equal(#kept, 500)
  equal(kept[1].text, "line 6")
  equal(kept[500].text, "line 505")
end)
