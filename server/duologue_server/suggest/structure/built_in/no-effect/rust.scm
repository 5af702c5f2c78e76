(expression_statement [(binary_expression operator: ["==" "!=" "<" ">" "<=" ">=" "+" "-" "*" "/"]) (identifier)] @here)
