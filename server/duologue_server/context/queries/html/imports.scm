((_ (start_tag (tag_name) @_tag (attribute (attribute_name) @_attribute (quoted_attribute_value (attribute_value) @import))))
 (#any-of? @_tag "script" "link") (#any-of? @_attribute "src" "href"))
