((comparison_operator . (_) @a . ["==" "<" ">" "<=" ">="] . (_) @b .) @here (#eq? @a @b))
((comparison_operator . (attribute) @a . "!=" . (_) @b .) @here (#eq? @a @b))
((boolean_operator left: (_) @a right: (_) @b) @here (#eq? @a @b))
