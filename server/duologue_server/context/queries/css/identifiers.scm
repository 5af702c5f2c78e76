[(class_name) (id_name) (tag_name) (keyframes_name)] @identifier
((property_name) @identifier (#match? @identifier "^--"))
((plain_value) @identifier (#match? @identifier "^--"))
