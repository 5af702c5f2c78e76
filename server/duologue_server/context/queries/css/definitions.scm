(rule_set (selectors) @name) @rule
(keyframes_statement (keyframes_name) @name) @keyframes
(media_statement [(feature_query) (keyword_query) (binary_query) (parenthesized_query)] @name) @media
((rule_set (block (declaration (property_name) @name) @constant)) (#match? @name "^--"))
