(binary_expression operator: ["&&" "||"]) @here
