local config = require("duologue.config")
local git = require("duologue.git")
local pace = require("duologue.pace")

test("the first push is sent at once, and the last is never lost", function()
  local sent = 0
  local push = pace(20, function()
    sent = sent + 1
  end)
  for _ = 1, 10 do
    push()
  end
  equal(sent, 1)
  vim.wait(1000, function()
    return sent == 2
  end, 5)
  equal(sent, 2)
end)

test("what git's log says", function()
  equal(git.event("a b Ada <a@x> 1 +0000\tcommit: Add prices"), "commit")
  equal(git.event("a b Ada <a@x> 1 +0000\tcommit (amend): Add prices"), "commit")
  equal(git.event("a b Ada <a@x> 1 +0000\tcheckout: moving from main to other"), "checkout")
  equal(git.event("a b Ada <a@x> 1 +0000\treset: moving to HEAD~1"), nil)
  equal(git.event(""), nil)
end)

test("good options are taken, and the caller's table stays his", function()
  local given = { captions = { width = 40 }, keymaps = { talk = "<F9>" }, offers = "inlay_hint" }
  local options = config.apply(given)
  equal(config.problems, {})
  equal(options.captions.width, 40)
  equal(options.captions.border, "rounded")
  equal(options.offers, "inlay_hint")
  options.keymaps.talk = nil
  equal(given.keymaps, { talk = "<F9>" })
end)

test("the program is what stands before lsp", function()
  local walkthrough = require("duologue.walkthrough")
  for cmd, program in pairs({
    [{ "duologue", "lsp" }] = { "duologue" },
    [{ "duologue", "lsp", "--voice", "127.0.0.1:7450" }] = { "duologue" },
    [{ "uv", "run", "duologue", "lsp" }] = { "uv", "run", "duologue" },
    [{ "my-script" }] = { "my-script" },
  }) do
    config.apply({ cmd = cmd })
    equal(walkthrough.program(), program)
  end
end)

test("setup() without a table keeps all defaults and says so", function()
  equal(config.apply("yes"), config.defaults)
  equal(#config.problems, 1)
end)
