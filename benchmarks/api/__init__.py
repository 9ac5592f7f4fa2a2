"""What the management API costs on a large database: one is filled, and questions are asked beside a bare handler."""
