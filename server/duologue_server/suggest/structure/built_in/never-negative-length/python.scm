((comparison_operator . (call function: (identifier) @f) . ["<" ">="] . (integer) @zero .) @here (#eq? @f "len") (#eq? @zero "0"))
