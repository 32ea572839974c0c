"""What people see and decide: web pages, live, in French and English, for a wall and a guard's tablet."""
