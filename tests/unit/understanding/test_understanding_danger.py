"""Danger in words: heard plainly or obliquely, badly spelled too; and manners of speaking, which are none."""

from __future__ import annotations

import pytest

from bot.understanding.danger import alarming, kind_of, long_ago, made_up, unmistakable

NOW = [
    "mi esposo me va a pegar",
    "me va a matar mi marido",
    "ME QUIERE MATAR MI EX",
    "me esta golpeando mi pareja",
    "me están apuntando con una pistola",
    "me vienen siguiendo dos tipos",
    "auxilio",
    "ausilio por fabor",
    "me quiero morir",
    "kiero matarme",
    "ya no kiero bibir",
    "no aguanto más, ya no quiero despertar",
    "me voy a quitar la vida",
    "mi hermana se quiere suicidar",
    "he pensado en quitarme la vida",
    "me tomé muchas pastillas",
    "me tomé un veneno",
    "no llega mi hija desde ayer",
    "mi ija no aparese",
    "no encuentro a mi niño",
    "se llevaron a mi hijo",
    "levantaron a mi hermano anoche",
    "mi papá no respira",
    "no puedo respirar",
    "hay una balacera",
    "ay una valasera en la esquina",
    "manden una ambulancia",
    "nesesito una anbulancia",
    "se está quemando mi casa",
    "someone is following me",
    "i want to end it all",
    "i keep thinking of ending it all",
    "mi cuñada empezó con convulciones y trae ocho meses",
    "mi sobrino se fue ayer a ver un carro, me mandó donde andaba y de ahí para acá nada",
    "piden dinero o nos matan",
    "my son is missing",
]
NAMED = [
    "tenemos dos horas para juntar la cuota y están en la banqueta",
    "exigen veinte mil pesos o vienen por nosotros",
    "mandaron fotos de mi familia y dicen que deposite",
    "mi prima dsaparecio ayer saliendo del baile",
    "al fin que nadie me va a extrañar",
    "mi novio me pega",
    "mi marido me golpio",
    "mi tio me biolo",
    "me tocó mi padrastro y me manosea",
    "mi pareja me amenaza con un cuchillo",
    "me tiene encerrada",
    "tengo miedo de que me mate",
    "sufro violencia en mi casa",
    "abusaron de mi hija",
    "tomé pastillas",
    "mi amigo dice que ya no quiere vivir",
    "quisiera no haber nacido",
    "todos estarían mejor sin mí",
    "le dio un infarto",
    "se desmayó mi mamá",
    "hubo un choque y hay heridos",
    "hay fuga de gas",
    "huele mucho a gas en mi casa",
    "se están metiendo a mi casa",
    "hay hombres armados en la calle",
    "secuestraron a mi papá",
    "me están extorsionando",
    "mi papá salió al campo y no ha regresado",
    "desapareció una niña de la colonia",
    "mi bebé se está poniendo morado y se atragantó",
    "una señora está dando a luz",
    "acaban de balear a mi primo",
    "mi hija quedó con uno del Face el jueves, su celular me manda a buzón",
    "mi muchacha salió el viernes con un desconocido, ya es domingo y nadie la ha visto",
    "mi niño se perdió en el mercado",
    "mi abuelita se extravió hace rato",
    "tengo el cuchillo en la mano",
    "hoy descanso para siempre",
    "nomás quiero que se acabe todo ya",
    "mi amigo me mandó un mensaje despidiéndose",
    "ya no le encuentro caso a seguir viviendo",
    "dice que de hoy no paso",
    "mi padrastro se mete en mi cuarto",
]
NO_DANGER = [
    "me quiero morir de la pena",
    "me quiero morir de risa",
    "me van a matar de un coraje con tanta vuelta",
    "los intereses de la tarjeta me quieren matar",
    "el banco nos quiere ahorcar con las comisiones",
    "mis rosales se están muriendo",
    "¿socorro se escribe con dos erres?",
    "qué significa extorsión",
    "casi me da un infarto del gusto",
    "me muero de hambre",
    "me muero de ganas de un taco",
    "me mata el trámite",
    "este trámite va a matarme",
    "me mata el calor",
    "mi mamá me va a matar si repruebo",
    "me va a matar mi esposa por olvidar las tortillas",
    "te voy a matar jaja",
    "me voy de mojado",
    "no, el de mi hija",
    "se me murió mi papá",
    "se murió mi celular y no responde",
    "se me perdió mi perro",
    "perdí mi credencial",
    "no aparece mi hijo en el sistema",
    "no aparece mi hija registrada",
    "la beca de mi niña no aparece",
    "no ha llegado mi credencial",
    "no llega mi pensión",
    "me siento mal y no tengo seguro",
    "me están siguiendo en instagram",
    "me apuntan en la bolsa de trabajo",
    "ya me toca el apoyo",
    "no quiero vivir en esa casa",
    "se me quemó el arroz",
    "una película de balazos",
    "balacera de goles anoche",
    "casi me da un infarto con el gol",
    "me ahogo en un vaso de agua",
    "me robaron el corazón",
    "quiero denunciar un robo",
    "el pasaporte de mi hijo",
    "",
    "....",
]


@pytest.mark.parametrize("text", NOW)
def test_what_happens_now_is_unmistakable(text: str) -> None:
    assert unmistakable(text)
    assert kind_of(text) is not None


@pytest.mark.parametrize("text", NAMED)
def test_a_word_of_danger_is_heard(text: str) -> None:
    assert kind_of(text) is not None


@pytest.mark.parametrize("text", NO_DANGER)
def test_what_only_sounds_like_danger_is_none(text: str) -> None:
    assert not unmistakable(text)
    assert kind_of(text) is None


@pytest.mark.parametrize("text", [*NOW, *NAMED, *NO_DANGER])
def test_capitals_and_signs_change_nothing(text: str) -> None:
    for written in (text.upper(), f"¡¡{text}!!", f"😢 {text} 😢"):
        assert (unmistakable(written), kind_of(written)) == (unmistakable(text), kind_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "hace dos años desapareció mi hermano y quiero registrarme como víctima",
        "el año pasado secuestraron a mi papá",
        "mi ex me pegaba y quiero saber qué hacer",
    ],
)
def test_what_was_long_ago_is_not_unmistakable(text: str) -> None:
    assert not unmistakable(text)


@pytest.mark.parametrize(
    "text",
    [
        "mi hija salió a las dos y no llega ni contesta",
        "solté de la mano a mi chamaco en la feria y ya no lo hallo",
        "dijeron que si no les juntamos cincuenta mil para las siete van a venir a quemar el local",
        "estoy harto de todo, quiero aserme daño",
    ],
)
def test_further_words_of_danger(text: str) -> None:
    assert kind_of(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "busqué el acta de mi hija por toda la casa y no la encuentro",
        "mi vecina me está apuntando esto en el celular",
        "si no pago el predial me van a cobrar recargos",
    ],
)
def test_what_is_not_found_or_written_down_is_no_danger(text: str) -> None:
    assert kind_of(text) is None
    assert not unmistakable(text)


@pytest.mark.parametrize(
    "text",
    [
        "estoy escribiendo una novela donde secuestran a la hija de un policía",
        "ando haciendo un corrido de una balacera",
        "hace mucho tiempo mi papá me pegaba",
    ],
)
def test_what_is_made_up_or_long_past_is_not_unmistakable(text: str) -> None:
    assert long_ago(text)
    assert not unmistakable(text)


@pytest.mark.parametrize("text", ["me quiero " * 500, "no aparece mi " * 400, "se " * 2000, "salio " + "y " * 2000])
def test_endless_texts_are_compared_too(text: str) -> None:
    assert kind_of(text[:2400]) in (None, "suicide", "missing", "violence", "danger")


@pytest.mark.parametrize("text", [*NOW, *NAMED])
def test_a_danger_has_a_word_that_danger_is_told_with(text: str) -> None:
    assert alarming(text) or kind_of(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "chocamos en la curva",
        "sale mucho humo del cuarto",
        "mi papá se cayó del techo",
        "mi hijo no contesta desde ayer",
        "my dog? no, my brother has a knife",
        "hay un señor tirado en la banqueta",
    ],
)
def test_words_that_danger_is_told_with(text: str) -> None:
    assert alarming(text)


@pytest.mark.parametrize(
    "text",
    [
        "la casa está a nombre de mi hermana",
        "tengo que ir a apuntarme a algún lado?",
        "y si mejor ponemos una fonda",
        "no, ya me acordé, se me perdió",
        "puede venir alguien a la casa",
        "y de cuánto viene siendo",
        "borren mis datos",
        "mi hijo perdió la audición",
        "me robaron en el metro",
    ],
)
def test_what_has_no_word_of_danger(text: str) -> None:
    assert not alarming(text)
    assert kind_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "ayer vi una película de un secuestro en un barco",
        "leí una novela donde matan a todos",
        "estoy escribiendo un cuento con un incendio",
        "¿en qué acaba la serie? no vi el final de la serie",
    ],
)
def test_a_film_or_a_book_is_made_up(text: str) -> None:
    assert made_up(text)
    assert long_ago(text)
    assert not unmistakable(text)


def test_who_is_in_danger_tells_of_no_film() -> None:
    assert not made_up("se metieron a mi casa y estoy escondida")
    assert not made_up("mi hija no aparece desde ayer")
