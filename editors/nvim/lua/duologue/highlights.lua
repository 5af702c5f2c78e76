local links = {
  DuologueUser = "Identifier",
  DuologuePartner = "NormalFloat",
  DuologueOffer = "DiagnosticVirtualTextHint",
}

local M = {}

---Defines our groups, without touching what the user or a colour scheme has set.
function M.define()
  for group, target in pairs(links) do
    vim.api.nvim_set_hl(0, group, { link = target, default = true })
  end
  -- A link would not be dim everywhere: Neovim's own colours give NonText none in a terminal of 256.
  local dim = vim.api.nvim_get_hl(0, { name = "NonText", link = false })
  vim.api.nvim_set_hl(0, "DuologueUnheard", { fg = dim.fg, ctermfg = dim.ctermfg or 8, default = true })
end

return M
