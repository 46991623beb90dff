"""Prints a few rows of the example's marts from the database that a profile names.

python show_result.py PROFILES_YML (in the Python environment of dbt-duckdb, in the dbt project's folder)
"""

import sys

import duckdb
import yaml

SALES = """
    select
        city,
        store_name as store,
        sum(orders) as orders,
        round(sum(revenue_cents) / 100) as revenue,
        round(100 * sum(margin_cents) / sum(revenue_cents), 1) as margin_percent
    from {schema}.daily_store_sales
    group by all
    order by revenue desc
"""
CUSTOMERS = """
    select
        segment,
        count(*) as customers,
        round(sum(lifetime_cents) / 100) as revenue
    from {schema}.dim_customers
    group by all
    order by revenue desc
"""


def table(title, cursor):
    rows = [[column[0] for column in cursor.description], *([str(value) for value in row] for row in cursor.fetchall())]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    print(f"\n{title}")
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        (profile,) = (value for key, value in yaml.safe_load(file).items() if key != "config")
    output = profile["outputs"][profile["target"]]
    with duckdb.connect(output["path"], read_only=True) as database:
        table("Sales by store, 2025", database.execute(SALES.format(schema=output["schema"])))
        table("Customers by segment", database.execute(CUSTOMERS.format(schema=output["schema"])))


if __name__ == "__main__":
    main()
