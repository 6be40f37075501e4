"""What people see: pages, components and theme; pure layout."""
