#!/usr/bin/env python3
"""Writes the seeds of this example: one invented year of a small chain of coffee bars.

The same files byte for byte on every run: every choice comes from a linear congruential generator
with a fixed start, so no version of Python can change it.

    python3 tools/generate_seeds.py            writes ../seeds
    python3 tools/generate_seeds.py FOLDER     writes FOLDER
"""

import csv
import datetime
import pathlib
import sys

FIRST_DAY = datetime.date(2025, 1, 1)
DAYS = 365
CUSTOMERS = 600
ORDERS = 5000

STORES = [  # id, name, city, opened on, share of the orders
    (1, "Harbour", "Bergen", "2023-03-01", 24),
    (2, "Station", "Oslo", "2023-06-15", 30),
    (3, "Old Town", "Trondheim", "2024-01-10", 18),
    (4, "University", "Oslo", "2024-08-20", 16),
    (5, "Airport", "Stavanger", "2025-04-01", 8),
    (6, "Fjord View", "Bergen", "2025-09-01", 4),
]

PRODUCTS = [  # id, name, category, price and cost in cents, popularity
    (1, "Espresso", "coffee", 290, 62, 14),
    (2, "Double Espresso", "coffee", 360, 98, 10),
    (3, "Cappuccino", "coffee", 420, 121, 20),
    (4, "Flat White", "coffee", 440, 128, 16),
    (5, "Filter Coffee", "coffee", 310, 55, 18),
    (6, "Cold Brew", "coffee", 470, 110, 7),
    (7, "Black Tea", "tea", 320, 41, 6),
    (8, "Green Tea", "tea", 330, 48, 5),
    (9, "Chai Latte", "tea", 450, 132, 6),
    (10, "Croissant", "food", 340, 120, 13),
    (11, "Cinnamon Bun", "food", 390, 131, 15),
    (12, "Cheese Sandwich", "food", 690, 288, 8),
    (13, "Granola Bowl", "food", 720, 301, 4),
    (14, "House Blend 250 g", "beans", 1190, 560, 3),
    (15, "Single Origin 250 g", "beans", 1490, 742, 2),
]

FIRST_NAMES = (
    "Ada Aksel Amir Astrid Bea Elin Emil Eva Fatima Finn Hana Ida Ingrid Ivar Jon Kari Lars Lea "
    "Leo Liv Maja Mei Nils Noor Nora Oda Ola Omar Per Sara Siri Sven Tuva Una Yara"
).split()
LAST_INITIALS = "ABCDEFGHIJKLMNOPRSTVW"


class Dice:
    """Knuth's MMIX generator; only the high bits are used."""

    def __init__(self, start):
        self.state = start

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % n

    def weighted(self, rows, weight):
        rest = self.below(sum(weight(row) for row in rows))
        for row in rows:
            rest -= weight(row)
            if rest < 0:
                return row
        raise AssertionError("weights do not add up")


def write(folder, name, header, rows):
    with open(folder / name, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


def customers(dice):
    for number in range(1, CUSTOMERS + 1):
        name = f"{FIRST_NAMES[dice.below(len(FIRST_NAMES))]} {LAST_INITIALS[dice.below(len(LAST_INITIALS))]}."
        # Most joined during the year: cohorts are what the retention table is about.
        joined = FIRST_DAY + datetime.timedelta(days=dice.below(330) if dice.below(4) else 0)
        yield number, name, f"customer{number}@mail.example", joined.isoformat(), "yes" if dice.below(3) else "no"


def orders(dice, people):
    moments = []
    for _ in range(ORDERS):
        day = FIRST_DAY + datetime.timedelta(days=dice.below(DAYS))
        if day.weekday() >= 5 and dice.below(3) == 0:  # weekends are quieter
            day = min(day + datetime.timedelta(days=2), FIRST_DAY + datetime.timedelta(days=DAYS - 1))
        hour = dice.weighted([(7, 14), (8, 20), (9, 14), (10, 9), (11, 8), (12, 12), (13, 9), (14, 6), (15, 8), (16, 6),
                              (17, 3)], lambda row: row[1])[0]  # fmt: skip
        moments.append(datetime.datetime(day.year, day.month, day.day, hour, dice.below(60), dice.below(60)))
    for number, moment in enumerate(sorted(moments), start=1):
        open_stores = [store for store in STORES if store[3] <= moment.date().isoformat()]
        store = dice.weighted(open_stores, lambda row: row[4])
        members = [person for person in people if person[3] <= moment.date().isoformat()]
        # One order in five is anonymous; members come back, the early ones more often.
        customer = "" if dice.below(5) == 0 else members[min(dice.below(len(members)), dice.below(len(members)))][0]
        channel = dice.weighted([("counter", 62), ("app", 31), ("delivery", 7)], lambda row: row[1])[0]
        status = dice.weighted([("completed", 955), ("refunded", 18), ("cancelled", 27)], lambda row: row[1])[0]
        discount = 10 if channel == "app" and customer != "" and dice.below(4) == 0 else 0
        yield number, customer, store[0], moment.isoformat(sep=" "), channel, status, discount


def order_items(dice, placed):
    for order in placed:
        chosen = []
        for _ in range(1 + dice.below(3)):
            product = dice.weighted(PRODUCTS, lambda row: row[5])
            if product not in chosen:
                chosen.append(product)
        for line, product in enumerate(chosen, start=1):
            yield order[0], line, product[0], 1 + (dice.below(5) == 0), product[3]


def main():
    here = pathlib.Path(__file__).resolve().parent
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent / "seeds"
    folder.mkdir(parents=True, exist_ok=True)
    dice = Dice(20250101)
    people = list(customers(dice))
    placed = list(orders(dice, people))
    write(folder, "raw_stores.csv", ["id", "name", "city", "opened_on"], [store[:4] for store in STORES])
    write(folder, "raw_products.csv", ["id", "name", "category", "price_cents", "cost_cents"],
          [product[:5] for product in PRODUCTS])  # fmt: skip
    write(folder, "raw_customers.csv", ["id", "name", "email", "joined_on", "newsletter"], people)
    write(folder, "raw_orders.csv",
          ["id", "customer_id", "store_id", "ordered_at", "channel", "status", "discount_percent"], placed)  # fmt: skip
    write(folder, "raw_order_items.csv", ["order_id", "line", "product_id", "quantity", "unit_price_cents"],
          order_items(dice, placed))  # fmt: skip


if __name__ == "__main__":
    main()
