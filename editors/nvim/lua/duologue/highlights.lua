local links = {
  DuologueUser = "Identifier",
  DuologuePartner = "NormalFloat",
  DuologueUnheard = "NonText",
  DuologueOffer = "DiagnosticVirtualTextHint",
}

local M = {}

---Links our groups to defaults, without touching what the user or a colour scheme has set.
function M.define()
  for group, target in pairs(links) do
    vim.api.nvim_set_hl(0, group, { link = target, default = true })
  end
end

return M
