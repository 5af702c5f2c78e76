local highlights = require("duologue.highlights")

test("contrast is that of WCAG", function()
  equal(math.floor(highlights.contrast(0, 0xffffff) + 0.5), 21)
  equal(highlights.contrast(0x808080, 0x808080), 1)
end)

test("a colour that can be read stays as it is", function()
  equal(highlights.readable(0x8cf8f7, 0x14161b), 0x8cf8f7)
end)

test("one that cannot is brought nearer to white or black until it can", function()
  for _, paper in ipairs({ 0x14161b, 0x2c2e33, 0x9b9ea4, 0xc4c6cd, 0xe0e2ea, 0xffffff, 0 }) do
    for _, ink in ipairs({ 0x4f5258, 0xb3f6c0, 0x007373, 0xffc0b9, paper }) do
      local made = highlights.readable(ink, paper)
      assert(highlights.contrast(made, paper) >= 4.5, ("%06x on %06x"):format(made, paper))
    end
  end
end)

test("what the user has set stays, and ours follows the colour scheme", function()
  vim.cmd("colorscheme default | set background=dark termguicolors")
  vim.api.nvim_set_hl(0, "DuologueCue", { fg = 0xff0000 })
  highlights.define()
  equal(vim.api.nvim_get_hl(0, { name = "DuologueCue" }), { fg = 0xff0000 })
  local dark = vim.api.nvim_get_hl(0, { name = "DuologueStatusLive" }).fg
  vim.api.nvim_set_hl(0, "StatusLine", { fg = 0xffffff, bg = 0 })
  highlights.define()
  assert(vim.api.nvim_get_hl(0, { name = "DuologueStatusLive" }).fg ~= dark)
end)
