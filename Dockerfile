FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN PRODUCTION=1 SECRET_KEY=build ENCRYPTION_KEYS=build DATABASE_URL=postgresql://build:build@build/build \
    python manage.py collectstatic --noinput \
    && useradd --system pqlhub && mkdir .pqlhub && chown pqlhub .pqlhub
USER pqlhub
EXPOSE 8000
CMD ["gunicorn", "pqlhub.wsgi", "--bind", "0.0.0.0:8000", "--workers", "4", "--threads", "4", "--worker-class", "gthread", "--no-control-socket"]
