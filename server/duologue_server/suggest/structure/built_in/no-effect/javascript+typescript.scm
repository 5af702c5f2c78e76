(expression_statement [(identifier) (template_string) (array) (number)] @here)
(expression_statement (binary_expression operator: ["==" "===" "!=" "!==" "<" ">" "<=" ">=" "+" "-" "*" "/" "%"]) @here)
(expression_statement [(this) (true) (false) (null) (undefined)] @here)
