((attribute (attribute_name) @_attribute (quoted_attribute_value (attribute_value) @identifier))
 (#any-of? @_attribute "id" "class" "name" "for"))
(tag_name) @identifier
