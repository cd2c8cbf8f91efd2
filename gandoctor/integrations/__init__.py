"""Integrations: findings and quality as other libraries take them; each module needs the library it is named after."""
