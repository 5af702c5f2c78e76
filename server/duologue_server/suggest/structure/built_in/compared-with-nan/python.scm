((comparison_operator (_) ["==" "!="] (attribute object: (identifier) @of attribute: (identifier) @nan) .) @here (#any-of? @of "math" "np" "numpy") (#any-of? @nan "nan" "NaN"))
((comparison_operator (_) ["==" "!="] (call function: (identifier) @f arguments: (argument_list . (string) @nan .)) .) @here (#eq? @f "float") (#match? @nan "^.nan.$"))
